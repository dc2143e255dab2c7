import { createDisk, createLocks, type Servers } from "./resources.ts";
import { costOf, type ServiceTimes, type StatementName } from "./service-times.ts";
import type { Timeline } from "./timeline.ts";

export interface Statement {
  readonly name: StatementName | "read" | "idle";
  /** Turns, keys or buckets in it. */
  readonly count: number;
  /** Whose rows it changes, in order, each once. */
  readonly organizations: readonly number[];
}

/** Statements run on some cores, have the rows of their organizations to themselves for a while, and wait for the disk where they must. */
export interface SimulatedDatabase {
  run(statement: Statement, done: () => void): void;
  readonly cores: Servers;
  /** Since the beginning. */
  totals(): DatabaseTotals;
}

export interface DatabaseTotals {
  readonly statements: number;
  readonly syncs: number;
  readonly diskBusyMs: number;
  readonly walBytes: number;
  /** Of the organization that was locked for longest. */
  readonly longestLockedMs: number;
  /** Statements of turns, and turns in them. */
  readonly records: number;
  readonly recorded: number;
}

/** Of the buckets' statements: they do nothing but change rows. */
const BUCKETS_LOCKED_SHARE = 1;

export function createSimulatedDatabase(timeline: Timeline, times: ServiceTimes, cores: Servers): SimulatedDatabase {
  const disk = createDisk(timeline, times.fsyncMs);
  const accounts = createLocks(timeline);
  const buckets = createLocks(timeline);
  const totals = { statements: 0, walBytes: 0, records: 0, recorded: 0 };

  function cpuMsOf({ name, count, organizations }: Statement): number {
    switch (name) {
      case "read":
        return times.readCpuMs * count;
      case "idle":
        return (times.node.idle.databaseCpuMsPerSecond / times.node.idle.commitsPerSecond) * count;
      default: {
        const cost = costOf(times.statements[name], count, organizations.length);
        totals.walBytes += cost.walBytes;
        return cost.cpuMs;
      }
    }
  }

  return {
    cores,
    run(statement, done) {
      const { name, count, organizations } = statement;
      const cpuMs = cpuMsOf(statement);
      totals.statements += 1;
      if (name === "record") {
        totals.records += 1;
        totals.recorded += count;
      }
      const locks = name === "take" || name === "settle" ? buckets : accounts;
      const share = lockedShareOf(name, times);
      if (share === 0) {
        cores.use(cpuMs, done);
        return;
      }
      // The measured share is of the whole time, the wait for the disk included, which it is all of.
      const isDurable = name === "record";
      const wholeMs = cpuMs + (isDurable ? times.fsyncMs : 0);
      const lockedCpuMs = Math.min(cpuMs, Math.max(0, share * wholeMs - (isDurable ? times.fsyncMs : 0)));
      const finish = (): void => {
        locks.unlock(organizations);
        done();
      };
      const change = (): void =>
        locks.lock(organizations, () => cores.use(lockedCpuMs, () => (isDurable ? disk.sync(finish) : finish())));
      if (lockedCpuMs === cpuMs) change();
      else cores.use(cpuMs - lockedCpuMs, change);
    },
    totals: () => ({
      ...totals,
      syncs: disk.syncs(),
      diskBusyMs: disk.busyMs(),
      longestLockedMs: Math.max(accounts.longestMs(), buckets.longestMs()),
    }),
  };
}

function lockedShareOf(name: Statement["name"], { lockedShare }: ServiceTimes): number {
  switch (name) {
    case "hold":
      return lockedShare.hold;
    case "record":
      return lockedShare.record;
    case "take":
    case "settle":
      return BUCKETS_LOCKED_SHARE;
    case "find keys":
    case "touch keys":
    case "read":
    case "idle":
      return 0;
    default:
      name satisfies never;
      return 0;
  }
}
