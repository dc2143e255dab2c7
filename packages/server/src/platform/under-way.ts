/** What goes on behind its caller's back, so that an end can wait for it. */
export interface UnderWay {
  /** The work itself, which is waited for until it has settled. It must not reject unheard. */
  follow<T>(work: Promise<T>): Promise<T>;
  /** When all that is under way now has settled. */
  settled(): Promise<void>;
}

export function createUnderWay(): UnderWay {
  const works = new Set<Promise<unknown>>();
  return {
    follow(work) {
      works.add(work);
      const leave = (): void => void works.delete(work);
      work.then(leave, leave);
      return work;
    },
    settled: async () => void (await Promise.allSettled(works)),
  };
}
