interface Waiting<Item, Result> {
  readonly item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Does one thing for many callers with one call at a time: whoever comes while one runs is in the next, in order. `run` returns
 * a result an item, in their order; what it throws, all of its items get.
 */
export function gather<Item, Result>(
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
  itemsMax: number,
): (item: Item) => Promise<Result> {
  const queue: Waiting<Item, Result>[] = [];
  let isRunning = false;

  async function drain(): Promise<void> {
    isRunning = true;
    while (queue.length > 0) {
      const batch = queue.splice(0, itemsMax);
      try {
        const results = await run(batch.map(({ item }) => item));
        if (results.length !== batch.length) throw new Error(`${results.length} results for ${batch.length} items`);
        for (const [index, each] of batch.entries()) each.resolve(results[index] as Result);
      } catch (error) {
        for (const each of batch) each.reject(error);
      }
    }
    isRunning = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, resolve, reject });
      if (!isRunning) void drain();
    });
}
