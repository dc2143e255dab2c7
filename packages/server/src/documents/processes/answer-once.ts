/** The child's side of `runInProcess`: does the one task that it is sent, and ends. */
export function answerOnce(work: (task: unknown) => Promise<unknown>): void {
  // Nobody is left to answer.
  process.once("disconnect", () => process.exit());
  process.once("message", (task: unknown) => {
    void work(task).then((reply) => process.send?.(reply, undefined, undefined, () => process.exit()));
  });
}
