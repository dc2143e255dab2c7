/** Lets `places` callers in at once; the others wait in line. */
export interface TurnTaker {
  take<Result>(work: () => Promise<Result>): Promise<Result>;
}

export function createTurnTaker(places: number): TurnTaker {
  const waiting: (() => void)[] = [];
  let free = places;
  return {
    async take(work) {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      }
    },
  };
}
