import { createDisk, createGatherer, createPlaces, type Servers } from "./resources.ts";
import type { NodeCost, ServiceTimes } from "./service-times.ts";
import { createSimulatedReserve } from "./simulated-reserve.ts";
import type { SimulatedDatabase, Statement } from "./simulated-database.ts";
import type { Timeline } from "./timeline.ts";

export interface Turn {
  readonly key: number;
  readonly organization: number;
}

export interface SimulatedNode {
  serve(turn: Turn, done: () => void): void;
}

export interface NodeWorld {
  readonly timeline: Timeline;
  readonly times: ServiceTimes;
  readonly database: SimulatedDatabase;
  /** Null: limits are in the database. */
  readonly redis: Servers | null;
  /** Where a turn's row must be before the turn ends. */
  readonly ledger: "database" | "disk";
  readonly cores: Servers;
  /** One way. */
  readonly networkMs: number;
  /** Of the machines' disks. */
  readonly fsyncMs: number;
  /** Of a turn at its engine. */
  readonly engineMs: number;
  /** Of the choice of an engine. */
  readonly chooseMs: number;
  /** When it first writes the last uses of its keys. */
  readonly firstTouchMs: number;
}

/** As in `create-key-cache.ts`, `limit-policy.ts` and `create-readings.ts`. */
const REFRESH_AFTER_MS = 400;
const TRUST_MS = 800;
const KEPT_MAX = 10_000;
const FOUND_AT_ONCE_MAX = 200;
const TOUCH_EVERY_MS = 10_000;
/** `storage.ts`, `hold-queue.ts`, `create-ledger.ts`. */
const CONNECTIONS = 10;
const HOLDS_MAX = 100;
const ROWS_MAX = 200;
/** Between two statements with rows that are on the disk already. */
const SAVE_PAUSE_MS = 20;
/** `create-hold-reserve.ts`: at most so many turns' money ahead, for so long. */
const MONEY_AHEAD = { mostAhead: 64, freshMs: 750 };
/** `create-bucket-reserve.ts`; what is left is taken to be plenty. */
const LIMITS_AHEAD = { mostAhead: Number.POSITIVE_INFINITY, freshMs: 500 };
const SECOND_MS = 1_000;

/** What a node reads of a workspace that it does not know, beside its key. */
function readsOfWorkspace({ known, unknown }: { readonly known: NodeCost; readonly unknown: NodeCost }): number {
  const reads = Object.entries(unknown.calls).filter(([name]) => name.startsWith("select ") && name !== "select api_keys");
  return Math.round(reads.reduce((sum, [name, calls]) => sum + calls - (known.calls[name] ?? 0), 0));
}

/** A process of Parley: a turn's steps in their order, gathered and cached as it does. */
export function createSimulatedNode(world: NodeWorld): SimulatedNode {
  const { timeline, times, database, redis, cores, networkMs } = world;
  const { known, unknown, knownWithRedis } = times.node;
  const connections = createPlaces(CONNECTIONS);
  const reads = readsOfWorkspace(times.node);
  const lookUpCpuMs = Math.max(0, unknown.cpuMs - known.cpuMs) / (1 + reads);
  const turnCpuMs = (redis === null ? known : knownWithRedis).cpuMs + world.chooseMs;
  const keys = createCache();
  const workspaces = createCache();
  const used = new Set<number>();
  const disk = createDisk(timeline, world.fsyncMs);

  function ask(statement: Statement, done: () => void): void {
    connections.enter(() =>
      timeline.after(networkMs, () =>
        database.run(statement, () =>
          timeline.after(networkMs, () => {
            connections.leave();
            done();
          }),
        ),
      ),
    );
  }

  const findKey = createGatherer<number>(FOUND_AT_ONCE_MAX, (asked, done) =>
    cores.use(lookUpCpuMs * asked.length, () => ask({ name: "find keys", count: asked.length, organizations: [] }, done)),
  );
  const hold = createGatherer<number>(HOLDS_MAX, (organizations, done) =>
    ask({ name: "hold", count: organizations.length, organizations: ordered(organizations) }, done),
  );
  const money = createSimulatedReserve(MONEY_AHEAD);
  function holdMoney({ key, organization }: Turn, done: () => void): void {
    const isHeld = money.take(key, timeline.nowMs(), (count, held) =>
      ask({ name: "hold", count, organizations: [organization] }, () => held(timeline.nowMs())),
    );
    if (isHeld) done();
    else hold(organization, done);
  }
  const insert = (organizations: readonly number[], done: () => void): void =>
    ask({ name: "record", count: organizations.length, organizations: ordered(organizations) }, done);
  const recordInDatabase = createGatherer<number>(ROWS_MAX, insert);
  const save = createGatherer<number>(ROWS_MAX, (organizations, done) =>
    insert(organizations, () => timeline.after(SAVE_PAUSE_MS, done)),
  );
  function record(organization: number, done: () => void): void {
    if (world.ledger === "database") {
      recordInDatabase(organization, done);
      return;
    }
    disk.sync(done);
    save(organization, () => {});
  }

  /** What waits for one organization's buckets is one demand. */
  let settling = new Set<number>();
  let isSettling = false;
  function settle(organization: number): void {
    if (limits.isInUse(organization)) return;
    if (redis !== null) {
      redis.use(times.redis.callCpuMs, () => {});
      return;
    }
    settling.add(organization);
    if (!isSettling) settleNext();
  }
  function settleNext(): void {
    isSettling = settling.size > 0;
    if (!isSettling) return;
    const organizations = ordered([...settling]);
    settling = new Set();
    ask({ name: "settle", count: organizations.length, organizations }, settleNext);
  }

  const limits = createSimulatedReserve(LIMITS_AHEAD);
  function take(organization: number, done: () => void): void {
    const isTaken = limits.take(organization, timeline.nowMs(), (_count, taken) =>
      askLimits(organization, () => taken(timeline.nowMs())),
    );
    if (isTaken) done();
    else askLimits(organization, done);
  }
  function askLimits(organization: number, done: () => void): void {
    if (redis === null) {
      ask({ name: "take", count: 1, organizations: [organization] }, done);
      return;
    }
    timeline.after(networkMs, () => redis.use(times.redis.callCpuMs, () => timeline.after(networkMs, done)));
  }

  /** All reads of a workspace are on their way at once. */
  function readWorkspace(done: () => void): void {
    let left = reads;
    cores.use(lookUpCpuMs * reads, () => {
      for (let read = 0; read < reads; read += 1) {
        ask({ name: "read", count: 1, organizations: [] }, () => {
          left -= 1;
          if (left === 0) done();
        });
      }
    });
  }

  function know(turn: Turn, done: () => void): void {
    keys.use(
      turn.key,
      timeline.nowMs(),
      (found) => findKey(turn.key, () => found(timeline.nowMs())),
      () =>
        workspaces.use(
          turn.organization,
          timeline.nowMs(),
          (found) => readWorkspace(() => found(timeline.nowMs())),
          done,
          TRUST_MS,
        ),
    );
  }

  function touch(): void {
    timeline.after(TOUCH_EVERY_MS, touch);
    const count = used.size;
    used.clear();
    if (count > 0) ask({ name: "touch keys", count, organizations: [] }, () => {});
  }
  timeline.after(world.firstTouchMs, touch);
  const idleEveryMs = SECOND_MS / times.node.idle.commitsPerSecond;
  function idle(): void {
    timeline.after(idleEveryMs, idle);
    ask({ name: "idle", count: 1, organizations: [] }, () => {});
  }
  // Nodes are not started together.
  timeline.after((world.firstTouchMs / TOUCH_EVERY_MS) * idleEveryMs, idle);

  return {
    serve(turn, done) {
      used.add(turn.key);
      const { organization } = turn;
      cores.use(turnCpuMs / 2, () =>
        know(turn, () =>
          take(organization, () =>
            holdMoney(turn, () =>
              timeline.after(world.engineMs, () =>
                cores.use(turnCpuMs / 2, () =>
                  record(organization, () => {
                    settle(organization);
                    done();
                  }),
                ),
              ),
            ),
          ),
        ),
      );
    },
  };
}

const ordered = (organizations: readonly number[]): readonly number[] => [...new Set(organizations)].toSorted((a, b) => a - b);

interface Entry {
  foundAtMs: number;
  /** Who waits for it; null: nobody looks it up. */
  waiting: (() => void)[] | null;
}

/** What is looked up once for all who ask meanwhile, is trusted for a while and is looked up behind the turn before that has passed. */
function createCache() {
  const entries = new Map<number, Entry>();
  return {
    use(
      id: number,
      nowMs: number,
      lookUp: (found: (atMs: number) => void) => void,
      known: () => void,
      refreshAfterMs: number = REFRESH_AFTER_MS,
    ): void {
      let entry = entries.get(id);
      if (entry === undefined) {
        entry = { foundAtMs: -Infinity, waiting: null };
        entries.set(id, entry);
        const [oldest] = entries.keys();
        if (entries.size > KEPT_MAX && oldest !== undefined) entries.delete(oldest);
      }
      const looked = entry;
      const ageMs = nowMs - looked.foundAtMs;
      const isTrusted = ageMs < TRUST_MS;
      const isLooking = looked.waiting !== null;
      if (!isTrusted) (looked.waiting ??= []).push(known);
      if (ageMs >= refreshAfterMs && !isLooking) {
        looked.waiting ??= [];
        lookUp((atMs) => {
          const waiting = looked.waiting ?? [];
          looked.foundAtMs = atMs;
          looked.waiting = null;
          for (const each of waiting) each();
        });
      }
      if (isTrusted) known();
    },
  };
}
