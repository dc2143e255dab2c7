/** The child's side of `runInProcess`: does the one task that it is sent, and ends. */
export function answerOnce<Task, Reply>(work: (task: Task) => Promise<Reply>): void {
  // Nobody is left to answer.
  process.once("disconnect", () => process.exit());
  process.once("message", (task: unknown) => {
    void work(task as Task).then((reply) => process.send?.(reply, () => process.exit()));
  });
}
