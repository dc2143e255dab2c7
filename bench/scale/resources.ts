import type { Timeline } from "./timeline.ts";

type Done = () => void;

/** Cores, or another thing that does so many pieces of work at once, in the order in which they came. */
export interface Servers {
  use(serviceMs: number, done: Done): void;
  /** What all of them have done since the beginning. */
  busyMs(): number;
}

/** `stretch`: how much longer work takes than it says, where others compute on the same cores. */
export function createServers(timeline: Timeline, count: number, stretch = 1): Servers {
  const waiting = createQueue<{ readonly serviceMs: number; readonly done: Done }>();
  let free = count;
  let busyMs = 0;

  function begin(serviceMs: number, done: Done): void {
    free -= 1;
    timeline.after(serviceMs * stretch, () => {
      busyMs += serviceMs;
      free += 1;
      const next = waiting.take();
      if (next !== undefined) begin(next.serviceMs, next.done);
      done();
    });
  }

  return {
    use(serviceMs, done) {
      if (free > 0) begin(serviceMs, done);
      else waiting.add({ serviceMs, done });
    },
    busyMs: () => busyMs,
  };
}

/** Connections: taken for as long as their user likes. */
export interface Places {
  enter(inside: Done): void;
  leave(): void;
}

export function createPlaces(count: number): Places {
  const waiting = createQueue<Done>();
  let free = count;
  return {
    enter(inside) {
      if (free === 0) {
        waiting.add(inside);
        return;
      }
      free -= 1;
      inside();
    },
    leave() {
      const next = waiting.take();
      if (next === undefined) free += 1;
      else next();
    },
  };
}

/** Rows that one transaction has at a time, by whose they are. */
export interface Locks {
  /** All of these, one after the other in their order, as transactions do that never wait in a circle. */
  lock(owners: readonly number[], locked: Done): void;
  unlock(owners: readonly number[]): void;
  /** Of the owner whose rows were locked for longest. */
  longestMs(): number;
}

export function createLocks(timeline: Timeline): Locks {
  const held = new Map<number, { readonly waiting: Queue<Done>; sinceMs: number }>();
  const lockedMs = new Map<number, number>();

  function lockFrom(owners: readonly number[], at: number, locked: Done): void {
    const owner = owners[at];
    if (owner === undefined) {
      locked();
      return;
    }
    const next = (): void => lockFrom(owners, at + 1, locked);
    const other = held.get(owner);
    if (other !== undefined) {
      other.waiting.add(next);
      return;
    }
    held.set(owner, { waiting: createQueue(), sinceMs: timeline.nowMs() });
    next();
  }

  return {
    lock: (owners, locked) => lockFrom(owners, 0, locked),
    unlock(owners) {
      const nowMs = timeline.nowMs();
      for (const owner of owners) {
        const lock = held.get(owner);
        if (lock === undefined) continue;
        lockedMs.set(owner, (lockedMs.get(owner) ?? 0) + nowMs - lock.sinceMs);
        lock.sinceMs = nowMs;
        const next = lock.waiting.take();
        if (next === undefined) held.delete(owner);
        else next();
      }
    },
    longestMs: () => [...lockedMs.values()].reduce((longest, each) => Math.max(longest, each), 0),
  };
}

/** A disk whose syncs take one after the other; all that come during one share the next. */
export interface Disk {
  sync(done: Done): void;
  busyMs(): number;
  syncs(): number;
}

export function createDisk(timeline: Timeline, syncMs: number): Disk {
  let waiting: Done[] = [];
  let isBusy = false;
  let syncs = 0;

  function begin(): void {
    const together = waiting;
    waiting = [];
    isBusy = true;
    timeline.after(syncMs, () => {
      syncs += 1;
      isBusy = false;
      if (waiting.length > 0) begin();
      for (const done of together) done();
    });
  }

  return {
    sync(done) {
      waiting.push(done);
      if (!isBusy) begin();
    },
    busyMs: () => syncs * syncMs,
    syncs: () => syncs,
  };
}

/** As `platform/gather.ts`: one call at a time, with all that came during the one before, up to so many. */
export function createGatherer<Item>(
  itemsMax: number,
  run: (items: readonly Item[], done: Done) => void,
): (item: Item, done: Done) => void {
  const waiting: { readonly item: Item; readonly done: Done }[] = [];
  let isRunning = false;

  function drain(): void {
    const batch = waiting.splice(0, itemsMax);
    if (batch.length === 0) return;
    isRunning = true;
    run(
      batch.map(({ item }) => item),
      () => {
        isRunning = false;
        drain();
        for (const { done } of batch) done();
      },
    );
  }

  return (item, done) => {
    waiting.push({ item, done });
    if (!isRunning) drain();
  };
}

interface Queue<Item> {
  add(item: Item): void;
  take(): Item | undefined;
}

/** First in, first out, however long it gets. */
function createQueue<Item>(): Queue<Item> {
  let items: Item[] = [];
  let first = 0;
  return {
    add: (item) => void items.push(item),
    take() {
      if (first >= items.length) return undefined;
      const item = items[first];
      first += 1;
      if (first > 1_000 && first * 2 > items.length) {
        items = items.slice(first);
        first = 0;
      }
      return item;
    },
  };
}
