import { and, asc, eq, gt, sql, type SQL } from "drizzle-orm";
import type { BatchCounts } from "./batches.ts";
import { batchItems } from "./schema.ts";
import type { Storage } from "./storage.ts";

/** A request as it is when its batch comes in. */
export interface NewBatchItem {
  readonly position: number;
  readonly customId: string;
  readonly requestId: string;
  readonly start: number;
  readonly length: number;
  readonly prefixKey: string;
}

export interface ClaimedItem extends NewBatchItem {
  readonly batchId: string;
  /** How often it has been begun, this time included. */
  readonly attempts: number;
  /** Of the claim: one that lapsed and was given out again, even to the same process, stores nothing. */
  readonly token: string;
}

export interface ItemName {
  readonly batchId: string;
  readonly position: number;
}

export async function insertBatchItems(storage: Storage, batchId: string, items: readonly NewBatchItem[]): Promise<void> {
  // One JSON parameter: the statement stays the same for any number of rows.
  await storage.run({ operation: "insert batch items", repeatable: true }, (database) =>
    database.execute(sql`
      insert into batch_items (batch_id, position, custom_id, request_id, start, length, prefix_key, status, attempts)
      select ${batchId}, r.position, r."customId", r."requestId", r.start, r.length, r."prefixKey", 'queued', 0
      from json_to_recordset(${JSON.stringify(items)}::json)
        as r(position int, "customId" text, "requestId" text, start bigint, length int, "prefixKey" text)
      on conflict (batch_id, position) do nothing`),
  );
}

/** Columns of a claimed item. */
interface ClaimedRow extends Record<string, unknown> {
  readonly batch_id: string;
  readonly position: number;
  readonly custom_id: string;
  readonly request_id: string;
  readonly start: string;
  readonly length: number;
  readonly prefix_key: string;
  readonly attempts: number;
}
const CLAIMED = sql.raw("i.batch_id, i.position, i.custom_id, i.request_id, i.start, i.length, i.prefix_key, i.attempts");

/** Whose claim it is, and how long it holds. */
export interface Claim {
  readonly token: string;
  readonly leaseMs: number;
}

/**
 * Takes the next requests of a batch in the order of their prefixes; nobody else gets them while the lease holds. Those that
 * were begun `suspectAttempts` times without an end come last, and each alone.
 */
export async function claimBatchItems(
  storage: Storage,
  batchId: string,
  claim: Claim & { readonly limit: number; readonly suspectAttempts: number },
): Promise<ClaimedItem[]> {
  const claimWhere = async (condition: SQL, limit: number): Promise<ClaimedItem[]> => {
    // Not repeatable: of a claim whose answer was lost the lease lapses.
    const { rows } = await storage.run({ operation: "claim batch items", repeatable: false }, (database) =>
      database.execute<ClaimedRow>(sql`
        with chosen as (
          select batch_id, position from batch_items
          where batch_id = ${batchId} and status = 'queued' and ${condition}
          order by prefix_key, position limit ${limit} for update skip locked
        )
        update batch_items i
        set status = 'running', attempts = i.attempts + 1, lease_token = ${claim.token},
          lease_until = now() + ${claim.leaseMs} * interval '1 millisecond'
        from chosen where i.batch_id = chosen.batch_id and i.position = chosen.position
        returning ${CLAIMED}`),
    );
    return toClaimedItems(rows, claim.token);
  };
  const items = await claimWhere(sql`attempts < ${claim.suspectAttempts}`, claim.limit);
  return items.length > 0 ? items : claimWhere(sql`attempts >= ${claim.suspectAttempts}`, 1);
}

/** Takes requests that were begun `attempts` times and whose process died each time, to give them a result. */
export async function claimSpentItems(
  storage: Storage,
  claim: Claim & { readonly attempts: number; readonly nowIso: string },
): Promise<ClaimedItem[]> {
  const { rows } = await storage.run({ operation: "claim spent batch items", repeatable: false }, (database) =>
    database.execute<ClaimedRow>(sql`
      update batch_items i
      set lease_token = ${claim.token}, lease_until = now() + ${claim.leaseMs} * interval '1 millisecond'
      from message_batches b
      where b.id = i.batch_id and i.status = 'running' and i.lease_until < now() and ${isSpent(claim.attempts, claim.nowIso)}
      returning ${CLAIMED}`),
  );
  return toClaimedItems(rows, claim.token);
}

/** Begun so often, never given back, and wanted still. */
function isSpent(attempts: number, nowIso: string): SQL {
  return sql`i.lease_token is not null and i.attempts >= ${attempts}
    and b.status = 'in_progress' and b.expires_at > ${nowIso}::timestamptz`;
}

function toClaimedItems(rows: readonly ClaimedRow[], token: string): ClaimedItem[] {
  return rows
    .map((row) => ({
      batchId: row.batch_id,
      position: row.position,
      customId: row.custom_id,
      requestId: row.request_id,
      start: Number(row.start),
      length: row.length,
      prefixKey: row.prefix_key,
      attempts: row.attempts,
      token,
    }))
    .toSorted((a, b) => (a.prefixKey < b.prefixKey ? -1 : a.prefixKey > b.prefixKey ? 1 : a.position - b.position));
}

/** Keeps the leases of what this process is working on. */
export async function extendLeases(storage: Storage, items: readonly ClaimedItem[], leaseMs: number): Promise<void> {
  if (items.length === 0) return;
  await storage.run({ operation: "extend batch leases", repeatable: true }, (database) =>
    database.execute(sql`
      update batch_items i set lease_until = now() + ${leaseMs} * interval '1 millisecond'
      from json_to_recordset(${JSON.stringify(items)}::json) as r("batchId" text, position int, token text)
      where i.batch_id = r."batchId" and i.position = r.position and i.lease_token = r.token and i.status = 'running'`),
  );
}

/** Gives a request back: at once, or when `afterMs` have gone by. `isAttempt`: it failed, rather than was not finished. */
export async function releaseBatchItem(
  storage: Storage,
  item: ClaimedItem,
  { afterMs, isAttempt }: { readonly afterMs: number; readonly isAttempt: boolean },
): Promise<void> {
  await storage.run({ operation: "release a batch item", repeatable: true }, (database) =>
    database.execute(sql`
      update batch_items set lease_token = null, attempts = ${isAttempt ? item.attempts : item.attempts - 1},
        lease_until = now() + ${afterMs} * interval '1 millisecond'
      where batch_id = ${item.batchId} and position = ${item.position} and lease_token = ${item.token} and status = 'running'`),
  );
}

/**
 * Stores the one result of a request. False: the lease was lost to another process, whose result counts. With
 * `turnRecord` the request is not done until the ledger has it.
 */
export async function storeBatchResult(
  storage: Storage,
  item: ClaimedItem,
  outcome: { readonly status: "succeeded" | "errored"; readonly result: string; readonly turnRecord: string | null },
): Promise<boolean> {
  const rows = await storage.run({ operation: "store a batch result", repeatable: true }, (database) =>
    database
      .update(batchItems)
      .set(outcome)
      // A repeated statement finds its own result, and stores the same again.
      .where(and(isItem(item), eq(batchItems.leaseToken, item.token)))
      .returning({ position: batchItems.position }),
  );
  return rows.length > 0;
}

/** The ledger has the turn. */
export async function clearTurnRecord(storage: Storage, item: ItemName): Promise<void> {
  await storage.run({ operation: "clear a turn record", repeatable: true }, (database) =>
    database.update(batchItems).set({ turnRecord: null, leaseToken: null }).where(isItem(item)),
  );
}

/**
 * Requests whose process died or gave them back wait again, or end with their batch; but for those that `claimSpentItems`
 * takes.
 */
export async function requeueLapsedItems(
  storage: Storage,
  { nowIso, spentAttempts }: { readonly nowIso: string; readonly spentAttempts: number },
): Promise<number> {
  const result = await storage.run({ operation: "requeue batch items", repeatable: true }, (database) =>
    database.execute(sql`
      update batch_items i
      set lease_token = null, status = case
        when b.expires_at <= ${nowIso}::timestamptz then 'expired'
        when b.status = 'canceling' then 'canceled'
        else 'queued' end
      from message_batches b
      where b.id = i.batch_id and i.status = 'running' and i.lease_until < now() and not (${isSpent(spentAttempts, nowIso)})`),
  );
  return result.rowCount ?? 0;
}

/** Turns that have a result, but whose process died before the ledger said that it has them. */
export async function findUnrecordedTurns(
  storage: Storage,
  limit: number,
): Promise<(ItemName & { readonly turnRecord: string })[]> {
  const { rows } = await storage.run({ operation: "find unrecorded turns", repeatable: true }, (database) =>
    database.execute<{ batch_id: string; position: number; turn_record: string }>(sql`
      select batch_id, position, turn_record from batch_items
      where turn_record is not null and lease_until < now() limit ${limit}`),
  );
  return rows.map((row) => ({ batchId: row.batch_id, position: row.position, turnRecord: row.turn_record }));
}

export async function hasOpenItems(storage: Storage, batchId: string): Promise<boolean> {
  const { rows } = await storage.run({ operation: "look for open batch items", repeatable: true }, (database) =>
    database.execute(sql`
      select 1 from batch_items
      where batch_id = ${batchId} and (status in ('queued', 'running') or turn_record is not null) limit 1`),
  );
  return rows.length > 0;
}

export async function countBatchResults(storage: Storage, batchId: string): Promise<BatchCounts> {
  const { rows } = await storage.run({ operation: "count batch results", repeatable: true }, (database) =>
    database.execute<{ status: string; items: string }>(sql`
      select status, count(*) as items from batch_items where batch_id = ${batchId} group by status`),
  );
  const of = (status: string): number => Number(rows.find((row) => row.status === status)?.items ?? 0);
  return { succeeded: of("succeeded"), errored: of("errored"), canceled: of("canceled"), expired: of("expired") };
}

export interface BatchResultRow {
  readonly position: number;
  readonly customId: string;
  readonly status: (typeof batchItems.$inferSelect)["status"];
  readonly result: string | null;
}

export function listBatchResults(storage: Storage, batchId: string, after: number, limit: number): Promise<BatchResultRow[]> {
  return storage.run({ operation: "list batch results", repeatable: true }, (database) =>
    database
      .select({
        position: batchItems.position,
        customId: batchItems.customId,
        status: batchItems.status,
        result: batchItems.result,
      })
      .from(batchItems)
      .where(and(eq(batchItems.batchId, batchId), gt(batchItems.position, after)))
      .orderBy(asc(batchItems.position))
      .limit(limit),
  );
}

export async function deleteBatchItems(storage: Storage, batchId: string): Promise<void> {
  await storage.run({ operation: "delete batch items", repeatable: true }, (database) =>
    database.delete(batchItems).where(eq(batchItems.batchId, batchId)),
  );
}

function isItem({ batchId, position }: ItemName) {
  return and(eq(batchItems.batchId, batchId), eq(batchItems.position, position));
}
