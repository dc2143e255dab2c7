import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { toBucketKey } from "../../packages/server/src/limits/to-bucket-key.ts";
import { systemClock } from "../../packages/server/src/platform/clock.ts";
import { findLiveApiKeys, touchApiKeys } from "../../packages/server/src/storage/api-keys.ts";
import { takeFromLimitBuckets } from "../../packages/server/src/storage/limit-buckets.ts";
import {
  findOrganizationTier,
  listPriorityCommitments,
  listWorkspaceRateLimits,
} from "../../packages/server/src/storage/rate-limits.ts";
import { holdSpend } from "../../packages/server/src/storage/spend.ts";
import { openStorage, type Storage } from "../../packages/server/src/storage/storage.ts";
import { silentLog } from "../../packages/server/src/storage/testing/test-storage.ts";
import { recordTurns } from "../../packages/server/src/storage/testing/record-turns.ts";
import type { TurnRecordRow } from "../../packages/server/src/storage/turn-records.ts";
import { keyHash, keyId, organizationId, type Tenants, workspaceId } from "./fill-tenants.ts";
import { median } from "../support/statistics.ts";
import { cpuMsOf } from "./processor-time.ts";
import type { ServiceTimes, StatementCost, StatementName } from "./service-times.ts";

const COUNTS = [1, 4, 16, 64, 200];
/** The most that go into one statement; more goes into the next. */
const HOLDS_MAX = 100;
/** Turns, keys or buckets of all repetitions of one size. */
const ITEMS_EACH = 600;
const REPEATS_MIN = 15;
const POLICY = { isPrepaid: true, holder: "bench", lapseMs: 600_000 };
const BUCKET_KINDS = ["requests", "inputTokens", "outputTokens"] as const;
const PLENTY = 1_000_000_000;
/** What a server process does after its answer is its work, too. */
const AFTERWARDS_MS = 20;
const RIVALS = 8;
const RIVALRY_TURNS = 240;
const RIVALRY_ROUNDS = 3;

interface Who {
  readonly organization: number;
  readonly key: number;
}

/** What the statements of a turn cost PostgreSQL, by what is in them: through one connection, by its process's own time. */
export async function measureStatements(
  databaseUrl: string,
  dataDir: string,
  observer: Storage,
  tenants: Tenants,
): Promise<Pick<ServiceTimes, "statements" | "readCpuMs" | "lockedShare">> {
  await using storage = await openStorage({ databaseUrl, dataDir, log: silentLog, clock: systemClock, maxConnections: 1 });
  const pid = await storage.run({ operation: "find the process", repeatable: true }, async (database) => {
    const { rows } = await database.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
    return rows[0]?.pid ?? 0;
  });
  const template = await findTurn(observer);
  const found = new Map<StatementName, StatementCost[]>();
  let first = 0;

  async function spent(work: () => Promise<unknown>): Promise<{ readonly cpuMs: number; readonly walBytes: number }> {
    const before = { cpuMs: cpuMsOf(pid), wal: await walPosition(observer) };
    await work();
    await sleep(AFTERWARDS_MS);
    return { cpuMs: cpuMsOf(pid) - before.cpuMs, walBytes: (await walPosition(observer)) - before.wal };
  }

  /** Others than before: nothing is in a lock or a cache because of the one before. */
  function draw(count: number, organizations: "one" | "each"): readonly Who[] {
    first += count;
    return Array.from({ length: count }, (_, index) => {
      const organization = (organizations === "one" ? first : first + index) % tenants.organizations;
      const keysOfOne = Math.floor(tenants.keys / tenants.organizations);
      return { organization, key: organization + tenants.organizations * (index % keysOfOne) };
    });
  }

  function keep(name: StatementName, cost: StatementCost): void {
    found.set(name, [...(found.get(name) ?? []), cost]);
  }

  for (const organizations of ["one", "each"] as const) {
    for (const count of COUNTS) {
      const repeats = Math.max(REPEATS_MIN, Math.round(ITEMS_EACH / count));
      const batches = Array.from({ length: repeats }, () =>
        draw(count, organizations).map((who) => ({ ...who, requestId: newRequestId() })),
      );
      const each = async (name: StatementName, run: (batch: (typeof batches)[number]) => Promise<unknown>): Promise<void> => {
        const { cpuMs, walBytes } = await spent(async () => {
          for (const batch of batches) await run(batch);
        });
        keep(name, { count, organizations, cpuMs: cpuMs / repeats, walBytes: walBytes / repeats });
      };
      // Once, uncounted: their buckets and sums are there afterwards, as those of tenants that are at work.
      await takeAll(storage, batches.flat());
      const held = batches.map((batch) => batch.slice(0, HOLDS_MAX));
      if (count <= HOLDS_MAX) {
        await each("hold", (batch) => holdSpend(storage, batch.map(toWanted), POLICY));
      } else {
        for (const batch of held) await holdSpend(storage, batch.map(toWanted), POLICY);
        for (const batch of batches) await holdSpend(storage, batch.slice(HOLDS_MAX).map(toWanted), POLICY);
      }
      await each("record", (batch) =>
        recordTurns(
          storage,
          batch.map((turn) => toRow(template, turn)),
        ),
      );
      await each("settle", (batch) => takeBuckets(storage, batch.slice(0, organizations === "one" ? 1 : count), true));
      if (count === 1) await each("take", (batch) => takeBuckets(storage, batch, false));
      if (organizations === "each") continue;
      const ofKeys = async (name: StatementName, run: (keys: readonly number[]) => Promise<unknown>): Promise<void> => {
        const cost = await spent(async () => {
          for (let repeat = 0; repeat < repeats; repeat += 1) {
            await run(Array.from({ length: count }, () => Math.floor(Math.random() * tenants.keys)));
          }
        });
        for (const kind of ["one", "each"] as const) {
          keep(name, { count, organizations: kind, cpuMs: cost.cpuMs / repeats, walBytes: cost.walBytes / repeats });
        }
      };
      await ofKeys("find keys", (keys) => findLiveApiKeys(storage, keys.map(keyHash)));
      await ofKeys("touch keys", (keys) => touchApiKeys(storage, new Map(keys.map((key) => [keyId(key), Date.now()]))));
    }
  }
  const reads = 200;
  const { cpuMs } = await spent(async () => {
    for (let index = 0; index < reads; index += 1) {
      await findOrganizationTier(storage, organizationId(index));
      await listWorkspaceRateLimits(storage, workspaceId(index));
      await listPriorityCommitments(storage, organizationId(index));
    }
  });
  const lockedShare = await measureLocked(databaseUrl, dataDir, template);
  const costs = (name: StatementName): readonly StatementCost[] => found.get(name) ?? [];
  return {
    statements: {
      hold: costs("hold"),
      record: costs("record"),
      take: costs("take"),
      settle: costs("settle"),
      "find keys": costs("find keys"),
      "touch keys": costs("touch keys"),
    },
    readCpuMs: cpuMs / (reads * 3),
    lockedShare,
  };
}

/**
 * For how much of a statement its organization's rows are locked: of one organization as many connections get no more done than one after
 * the other could of that part, so that the time between two of theirs is the part's; the whole is what one alone takes.
 */
async function measureLocked(
  databaseUrl: string,
  dataDir: string,
  template: TurnRecordRow,
): Promise<ServiceTimes["lockedShare"]> {
  await using storage = await openStorage({ databaseUrl, dataDir, log: silentLog, clock: systemClock, maxConnections: RIVALS });
  const who = { organization: 0, key: 0 };
  async function meanMs(atOnce: number, run: (turn: Who & { readonly requestId: string }) => Promise<unknown>): Promise<number> {
    const turns = Array.from({ length: RIVALRY_TURNS }, () => ({ ...who, requestId: newRequestId() }));
    const begunMs = performance.now();
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (let turn = turns.pop(); turn !== undefined; turn = turns.pop()) await run(turn);
      }),
    );
    return (performance.now() - begunMs) / RIVALRY_TURNS;
  }
  const hold = (turn: Who & { readonly requestId: string }) => holdSpend(storage, [toWanted(turn)], POLICY);
  const record = (turn: Who & { readonly requestId: string }) => recordTurns(storage, [toRow(template, turn)]);
  const shareOf = async (run: typeof hold | typeof record): Promise<number> => {
    const shares: number[] = [];
    for (let round = 0; round < RIVALRY_ROUNDS; round += 1) {
      await meanMs(RIVALS, run);
      shares.push((await meanMs(RIVALS, run)) / (await meanMs(1, run)));
    }
    return Math.min(1, median(shares));
  };
  return { hold: await shareOf(hold), record: await shareOf(record) };
}

const newRequestId = (): string => `req_${Date.now().toString(36)}${randomBytes(8).toString("hex")}`;

function toWanted({ requestId, organization, key }: Who & { readonly requestId: string }) {
  return {
    requestId,
    organizationId: organizationId(organization),
    workspaceId: workspaceId(organization),
    apiKeyId: keyId(key),
    userId: null,
    nanoUsd: 1_000_000n,
  };
}

function toRow(template: TurnRecordRow, { requestId, organization, key }: Who & { readonly requestId: string }): TurnRecordRow {
  return {
    ...template,
    request_id: requestId,
    message_id: requestId.replace("req", "msg"),
    organization_id: organizationId(organization),
    workspace_id: workspaceId(organization),
    api_key_id: keyId(key),
    started_at: new Date().toISOString(),
  };
}

/** The three buckets of each organization. */
function takeBuckets(storage: Storage, who: readonly Who[], settle: boolean): Promise<unknown> {
  const keys = [...new Set(who.map(({ organization }) => organization))].flatMap((organization) =>
    BUCKET_KINDS.map((kind) => toBucketKey(organizationId(organization), "haiku", kind)),
  );
  return takeFromLimitBuckets(
    storage,
    { keys, limitsPerMinute: keys.map(() => PLENTY), tokens: keys.map(() => 1), settle },
    () => null,
  );
}

async function takeAll(storage: Storage, who: readonly Who[]): Promise<void> {
  for (const each of who) await takeBuckets(storage, [each], false);
}

/** A turn as a node has written it. */
async function findTurn(storage: Storage): Promise<TurnRecordRow> {
  const { rows } = await storage.run({ operation: "find a turn", repeatable: true }, (database) =>
    database.execute<{ turn: TurnRecordRow }>(sql`select row_to_json(t) as turn from turn_records t limit 1`),
  );
  if (rows[0] === undefined) throw new Error("no node has written a turn yet");
  return rows[0].turn;
}

async function walPosition(storage: Storage): Promise<number> {
  const { rows } = await storage.run({ operation: "find the log's end", repeatable: true }, (database) =>
    database.execute<{ at: string }>(sql`select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as at`),
  );
  return Number(rows[0]?.at);
}
