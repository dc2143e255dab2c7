import { Failure } from "../../platform/fail.ts";

/** One producer, any number of readers that each see everything from the beginning, as long as that is kept. */
export interface Broadcast<Item> {
  /** False once the beginning is no longer kept, or everyone has left. */
  isJoinable(): boolean;
  /** Reads from the beginning. Leaving the generator, or `signal` (whose reason is thrown), ends this reader alone. */
  subscribe(signal: AbortSignal): AsyncGenerator<Item, void, void>;
  /** Resolves when the producer has ended, however it ended. */
  readonly settled: Promise<void>;
}

export interface BroadcastOptions<Item> {
  /** The signal is aborted when the last reader has left. */
  readonly produce: (signal: AbortSignal) => AsyncIterable<Item>;
  /** Weight of an item, in bytes or so. */
  readonly weigh: (item: Item) => number;
  /** Beyond this weight the beginning is let go, and nobody can join any more. */
  readonly keptMax: number;
  /** The producer waits while the slowest reader is this many items behind. */
  readonly leadMax: number;
}

interface Reader {
  /** Number of the item it reads next. */
  next: number;
  wake: () => void;
}

export class Abandoned extends Error {
  override readonly name = "Abandoned";
}

export function createBroadcast<Item>(options: BroadcastOptions<Item>): Broadcast<Item> {
  const { produce, weigh, keptMax, leadMax } = options;
  const abandon = new AbortController();
  const readers = new Set<Reader>();
  const kept: Item[] = [];
  let dropped = 0;
  let keptWeight = 0;
  let outcome: { readonly error?: unknown } | null = null;
  let roomMade: (() => void) | null = null;
  let running: Promise<void> | null = null;
  const { promise: settled, resolve: settle } = Promise.withResolvers<void>();

  const slowest = (): number => {
    let next = dropped + kept.length;
    for (const reader of readers) next = Math.min(next, reader.next);
    return next;
  };

  function letGo(): void {
    if (keptWeight <= keptMax && dropped === 0) return;
    const read = slowest() - dropped;
    for (const item of kept.splice(0, read)) keptWeight -= weigh(item);
    dropped += read;
  }

  async function run(): Promise<void> {
    let error: unknown;
    let failed = false;
    try {
      for await (const item of produce(abandon.signal)) {
        kept.push(item);
        keptWeight += weigh(item);
        for (const reader of readers) reader.wake();
        letGo();
        while (readers.size > 0 && dropped + kept.length - slowest() >= leadMax) {
          const { promise, resolve } = Promise.withResolvers<void>();
          roomMade = resolve;
          await promise;
        }
      }
    } catch (thrown) {
      failed = true;
      error = thrown;
    } finally {
      outcome = failed ? { error } : {};
      for (const reader of readers) reader.wake();
      settle();
    }
  }

  const source: Source<Item> = {
    enter(reader) {
      if (dropped > 0) throw new Abandoned("the beginning is gone");
      readers.add(reader);
      running ??= run();
    },
    leave(reader, signal) {
      if (!readers.delete(reader)) return;
      roomMade?.();
      if (readers.size > 0 || outcome) return;
      // A server that shuts down has taken the last reader away: that is no client who left.
      abandon.abort(signal.reason instanceof Failure ? signal.reason : new Abandoned("every reader has left"));
    },
    hasNext: (reader) => reader.next < dropped + kept.length,
    take(reader) {
      const item = kept[reader.next - dropped] as Item;
      reader.next++;
      letGo();
      roomMade?.();
      return item;
    },
    outcome: () => outcome,
  };

  // No getter: each object with one that is made anew gets a hidden class of its own, which would keep it as below.
  return {
    isJoinable: () => dropped === 0 && !abandon.signal.aborted,
    subscribe: (signal) => readFrom(source, signal),
    settled,
  };
}

/** What a reader sees of a broadcast. */
interface Source<Item> {
  enter(reader: Reader): void;
  leave(reader: Reader, signal: AbortSignal): void;
  hasNext(reader: Reader): boolean;
  take(reader: Reader): Item;
  outcome(): { readonly error?: unknown } | null;
}

/**
 * Not a closure of the broadcast: V8 gives each generator function that is made a hidden class of its own, which is among the old objects
 * from the start, and all that such a closure sees would stay with it through every collection of the young: the whole request.
 */
async function* readFrom<Item>(source: Source<Item>, signal: AbortSignal): AsyncGenerator<Item, void, void> {
  const reader: Reader = { next: 0, wake: () => {} };
  // Leaves at once: a generator that nobody asks again would never get to its `finally`.
  const onAbort = (): void => {
    source.leave(reader, signal);
    reader.wake();
  };
  source.enter(reader);
  signal.addEventListener("abort", onAbort);
  try {
    while (true) {
      signal.throwIfAborted();
      const outcome = source.outcome();
      if (source.hasNext(reader)) yield source.take(reader);
      else if (outcome) {
        if ("error" in outcome) throw outcome.error;
        return;
      } else {
        const { promise, resolve } = Promise.withResolvers<void>();
        reader.wake = resolve;
        await promise;
      }
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    source.leave(reader, signal);
  }
}
