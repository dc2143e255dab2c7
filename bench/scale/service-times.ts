import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a statement costs by what is in it. */
export interface StatementCost {
  /** Turns, keys or buckets in it. */
  readonly count: number;
  /** Whether each of them is of an organization of its own, or all are of one. */
  readonly organizations: "one" | "each";
  /** Of the server's process that ran it, with its commit but without the wait for the disk. */
  readonly cpuMs: number;
  readonly walBytes: number;
}

export type StatementName = "hold" | "record" | "take" | "settle" | "find keys" | "touch keys";

/** One node under load, its key and workspace known to it or new to it at every turn. */
export interface NodeCost {
  /** Of all its threads. */
  readonly cpuMs: number;
  /** Of all processes of PostgreSQL. */
  readonly databaseCpuMs: number;
  /** What it asks of PostgreSQL for a turn that is alone, by statement. */
  readonly calls: Readonly<Record<string, number>>;
}

/** What `measure.ts` found on one machine; milliseconds are of processor time where they are called so, else by the clock. */
export interface ServiceTimes {
  readonly measuredAt: string;
  readonly machine: Readonly<Record<string, string | number | null>>;
  /** Rows of `api_keys` meanwhile. */
  readonly keys: number;
  readonly organizations: number;
  readonly statements: Readonly<Record<StatementName, readonly StatementCost[]>>;
  /** For how much of its time a statement has the rows of its organization to itself, its wait for the disk included. */
  readonly lockedShare: { readonly hold: number; readonly record: number };
  /** Of a look at a tier, an override or another row that a node reads of a workspace. */
  readonly readCpuMs: number;
  /** Until a page of the log is on the disk. */
  readonly fsyncMs: number;
  readonly node: {
    readonly known: NodeCost;
    readonly unknown: NodeCost;
    readonly knownWithRedis: NodeCost;
    /** A node without turns. */
    readonly idle: {
      readonly commitsPerSecond: number;
      readonly databaseCpuMsPerSecond: number;
      readonly connections: number;
      readonly connectionMib: number;
    };
    readonly bytesPerKnownKey: number;
    readonly keysKept: number;
  };
  readonly redis: {
    /** Of Redis for one take of three buckets, and for settling as many. */
    readonly callCpuMs: number;
    readonly bytesPerBucket: number;
  };
  /** Of the stand-in engine, for one turn. */
  readonly engineMs: number;
  readonly router: readonly { readonly targets: number; readonly chooseMs: number }[];
}

export const MEASURED_FILE = join(import.meta.dirname, "service-times.json");

export function readServiceTimes(file: string = MEASURED_FILE): ServiceTimes {
  return JSON.parse(readFileSync(file, "utf8")) as ServiceTimes;
}

/** Of a statement with so many turns of so many organizations: on lines between what was measured. */
export function costOf(
  costs: readonly StatementCost[],
  count: number,
  organizations: number,
): { readonly cpuMs: number; readonly walBytes: number } {
  const ofOne = between(
    costs.filter((cost) => cost.organizations === "one"),
    count,
  );
  const ofEach = between(
    costs.filter((cost) => cost.organizations === "each"),
    count,
  );
  const share = count <= 1 ? 0 : (organizations - 1) / (count - 1);
  return {
    cpuMs: ofOne.cpuMs + (ofEach.cpuMs - ofOne.cpuMs) * share,
    walBytes: ofOne.walBytes + (ofEach.walBytes - ofOne.walBytes) * share,
  };
}

/** Beyond the largest that was measured the last line goes on. */
function between(costs: readonly StatementCost[], count: number): { readonly cpuMs: number; readonly walBytes: number } {
  const above = costs.findIndex((cost) => cost.count >= count);
  const at = above < 0 ? costs.length - 1 : above;
  const [low, high] = [costs[Math.max(0, at - 1)], costs[at]];
  if (low === undefined || high === undefined) throw new Error("nothing was measured");
  if (low === high || high.count === low.count) return high;
  const share = (count - low.count) / (high.count - low.count);
  return {
    cpuMs: low.cpuMs + (high.cpuMs - low.cpuMs) * share,
    walBytes: low.walBytes + (high.walBytes - low.walBytes) * share,
  };
}
