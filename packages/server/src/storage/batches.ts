import { and, asc, eq, inArray, isNotNull, isNull, lte, ne, or, sql, type SQL } from "drizzle-orm";
import { keepsContentOn } from "./data-policies.ts";
import { isKeptNoLonger } from "./retention.ts";
import { batchItems, messageBatches } from "./schema.ts";
import { type PageOf, type PageRequest, selectPage } from "./select-page.ts";
import type { Queries, Storage } from "./storage.ts";

export type BatchRow = typeof messageBatches.$inferSelect;

export interface BatchCounts {
  readonly succeeded: number;
  readonly errored: number;
  readonly canceled: number;
  readonly expired: number;
}

export async function insertBatch(storage: Storage, row: BatchRow): Promise<void> {
  await storage.run({ operation: "insert batch", repeatable: true }, (database) =>
    database.insert(messageBatches).values(row).onConflictDoNothing(),
  );
}

/** What becomes of a batch that is whole. */
export type OpenedBatch =
  /** From now on clients see it and it is worked on. */
  | "opened"
  /** Its organization would have more requests waiting than may. */
  | "full"
  /** Its workspace was deleted while it came in, or keeps nothing now. */
  | "unwanted";

export function openBatch(
  storage: Storage,
  { id, organizationId, workspaceId }: Pick<BatchRow, "id" | "organizationId" | "workspaceId">,
  values: { readonly requests: number; readonly createdAt: Date; readonly expiresAt: Date },
  queueLimit: number | null,
): Promise<OpenedBatch> {
  return storage.run({ operation: "open batch", repeatable: true }, (database) =>
    database.transaction(async (transaction): Promise<OpenedBatch> => {
      if (!(await keepsContentOn(transaction, workspaceId))) return "unwanted";
      if (queueLimit !== null) {
        // One after the other: two that come together do not both find room for themselves.
        await transaction.execute(sql`select pg_advisory_xact_lock(hashtext('batch queue'), hashtext(${organizationId}))`);
        const waiting = await countWaitingOn(transaction, organizationId, id);
        if (waiting + values.requests > queueLimit) return "full";
      }
      const opened = await transaction
        .update(messageBatches)
        .set({ ...values, status: "in_progress" })
        .where(and(eq(messageBatches.id, id), eq(messageBatches.status, "creating")))
        .returning({ id: messageBatches.id });
      if (opened.length > 0) return "opened";
      // Repeated after a commit whose answer was lost, it is open already.
      const [present] = await transaction
        .select({ status: messageBatches.status })
        .from(messageBatches)
        .where(eq(messageBatches.id, id));
      return present === undefined || present.status === "creating" ? "unwanted" : "opened";
    }),
  );
}

/** An organization's requests in batches that have no result yet. */
export function countWaitingRequests(storage: Storage, organizationId: string): Promise<number> {
  return storage.run({ operation: "count waiting batch requests", repeatable: true }, (database) =>
    countWaitingOn(database, organizationId, null),
  );
}

async function countWaitingOn(
  queries: Pick<Queries, "execute">,
  organizationId: string,
  besides: string | null,
): Promise<number> {
  const { rows } = await queries.execute<{ waiting: number }>(sql`
    select count(*)::int as waiting from batch_items i join message_batches b on b.id = i.batch_id
    where b.organization_id = ${organizationId} and b.status in ('in_progress', 'canceling')
      and b.id is distinct from ${besides}::text and i.status in ('queued', 'running')`);
  return rows[0]?.waiting ?? 0;
}

export async function findBatch(storage: Storage, workspaceId: string, id: string): Promise<BatchRow | null> {
  const rows = await storage.run({ operation: "find batch", repeatable: true }, (database) =>
    database.select().from(messageBatches).where(isVisible(workspaceId, id)),
  );
  return rows[0] ?? null;
}

export function pageBatches(storage: Storage, workspaceId: string, request: PageRequest): Promise<PageOf<BatchRow>> {
  return storage.run({ operation: "page batches", repeatable: true }, (database) =>
    selectPage(
      database,
      messageBatches,
      and(eq(messageBatches.workspaceId, workspaceId), ne(messageBatches.status, "creating")),
      request,
    ),
  );
}

/** Batches with work left, oldest first. */
export function findOpenBatches(storage: Storage): Promise<BatchRow[]> {
  return storage.run({ operation: "find open batches", repeatable: true }, (database) =>
    database
      .select()
      .from(messageBatches)
      .where(inArray(messageBatches.status, ["in_progress", "canceling"]))
      .orderBy(asc(messageBatches.createdAt), asc(messageBatches.id)),
  );
}

/** What nobody has begun will not be. False: the batch was not in progress. */
export function cancelBatch(storage: Storage, workspaceId: string, id: string, now: Date): Promise<boolean> {
  return storage.run({ operation: "cancel batch", repeatable: true }, (database) =>
    database.transaction(async (transaction) => {
      const canceled = await transaction
        .update(messageBatches)
        .set({ status: "canceling", cancelInitiatedAt: now })
        .where(and(isVisible(workspaceId, id), eq(messageBatches.status, "in_progress")))
        .returning({ id: messageBatches.id });
      if (canceled.length === 0) return false;
      await transaction
        .update(batchItems)
        .set({ status: "canceled" })
        .where(and(eq(batchItems.batchId, id), eq(batchItems.status, "queued")));
      return true;
    }),
  );
}

/** What is still queued in batches whose time is over expires. */
export async function expireBatches(storage: Storage, now: Date): Promise<void> {
  await storage.run({ operation: "expire batches", repeatable: true }, (database) =>
    database.execute(sql`
      update batch_items i set status = 'expired' from message_batches b
      where b.id = i.batch_id and b.status in ('in_progress', 'canceling') and b.expires_at <= ${now.toISOString()}::timestamptz
        and i.status = 'queued'`),
  );
}

/** Of several that end a batch at once one does. */
export async function endBatch(
  storage: Storage,
  id: string,
  values: BatchCounts & { readonly resultsKey: string; readonly resultsBytes: number; readonly endedAt: Date },
): Promise<boolean> {
  const ended = await storage.run({ operation: "end batch", repeatable: true }, async (database) => {
    const rows = await database
      .update(messageBatches)
      .set({ ...values, status: "ended" })
      .where(and(eq(messageBatches.id, id), inArray(messageBatches.status, ["in_progress", "canceling"])))
      .returning({ id: messageBatches.id });
    if (rows.length > 0) return rows;
    // Repeated after a commit whose answer was lost.
    return database
      .select({ id: messageBatches.id })
      .from(messageBatches)
      .where(and(eq(messageBatches.id, id), eq(messageBatches.resultsKey, values.resultsKey)));
  });
  return ended.length > 0;
}

export async function forgetRequests(storage: Storage, id: string): Promise<void> {
  await storage.run({ operation: "forget a batch's requests", repeatable: true }, (database) =>
    database.update(messageBatches).set({ requestsKey: null }).where(eq(messageBatches.id, id)),
  );
}

/** The row and its items; false: there was no such batch that has ended. */
export async function deleteEndedBatch(storage: Storage, workspaceId: string, id: string): Promise<boolean> {
  const deleted = await storage.run({ operation: "delete batch", repeatable: true }, (database) =>
    database
      .delete(messageBatches)
      .where(and(isVisible(workspaceId, id), eq(messageBatches.status, "ended")))
      .returning({ id: messageBatches.id }),
  );
  return deleted.length > 0;
}

/** A batch whose creation did not come to its end, with its items. False: it was opened, or is gone. */
export function deleteUnopenedBatch(storage: Storage, id: string): Promise<boolean> {
  return storage.run({ operation: "delete an unopened batch", repeatable: true }, (database) =>
    database.transaction(async (transaction) => {
      const deleted = await transaction
        .delete(messageBatches)
        .where(and(eq(messageBatches.id, id), eq(messageBatches.status, "creating")))
        .returning({ id: messageBatches.id });
      if (deleted.length === 0) return false;
      await transaction.delete(batchItems).where(eq(batchItems.batchId, id));
      return true;
    }),
  );
}

export interface BatchLeftovers {
  /** Ended, but their requests or items may still be there. */
  readonly ended: readonly BatchRow[];
  /** Begun before `abandonedBefore` and never whole. */
  readonly abandoned: readonly BatchRow[];
  /** With results older than is kept. */
  readonly old: readonly BatchRow[];
}

export interface LeftoverTimes {
  readonly now: Date;
  /** Before which a batch that is not whole has nobody any more who makes it so. */
  readonly abandoned: Date;
  /** How long results are kept: by workspaces that say nothing else, and at most. */
  readonly defaultDays: number;
  readonly maxDays: number;
}

export async function findLeftovers(storage: Storage, times: LeftoverTimes): Promise<BatchLeftovers> {
  const lastDay = new Date(times.now.getTime() - times.maxDays * 86_400_000);
  const isOld = or(
    isKeptNoLonger(messageBatches.createdAt, messageBatches.workspaceId, times.now, times.defaultDays),
    lte(messageBatches.createdAt, lastDay),
  );
  // One after the other, each by an index of its own.
  const find = (where: SQL | undefined): Promise<BatchRow[]> =>
    storage.run({ operation: "find batch leftovers", repeatable: true }, (database) =>
      database.select().from(messageBatches).where(where).limit(1_000),
    );
  return {
    ended: await find(and(eq(messageBatches.status, "ended"), isNotNull(messageBatches.requestsKey))),
    abandoned: await find(and(eq(messageBatches.status, "creating"), lte(messageBatches.createdAt, times.abandoned))),
    old: await find(and(eq(messageBatches.status, "ended"), isNull(messageBatches.archivedAt), isOld)),
  };
}

export async function archiveBatch(storage: Storage, id: string, now: Date): Promise<void> {
  await storage.run({ operation: "archive batch", repeatable: true }, (database) =>
    database.update(messageBatches).set({ archivedAt: now, resultsKey: null }).where(eq(messageBatches.id, id)),
  );
}

/** Hides the batches of a workspace, whatever they are at: to clients and workers they are as those never made whole. */
export async function hideBatches(storage: Storage, workspaceId: string): Promise<void> {
  await storage.run({ operation: "hide batches", repeatable: true }, (database) =>
    database
      .update(messageBatches)
      .set({ status: "creating" })
      .where(and(eq(messageBatches.workspaceId, workspaceId), ne(messageBatches.status, "creating"))),
  );
}

export function findHiddenBatches(storage: Storage, workspaceId: string, limit: number): Promise<BatchRow[]> {
  return storage.run({ operation: "find hidden batches", repeatable: true }, (database) =>
    database
      .select()
      .from(messageBatches)
      .where(and(eq(messageBatches.workspaceId, workspaceId), eq(messageBatches.status, "creating")))
      .limit(limit),
  );
}

/** Which of these blobs some batch still names. */
export async function findNamedBlobs(storage: Storage, keys: readonly string[]): Promise<Set<string>> {
  const rows = await storage.run({ operation: "find named blobs", repeatable: true }, (database) =>
    database
      .select({ requestsKey: messageBatches.requestsKey, resultsKey: messageBatches.resultsKey })
      .from(messageBatches)
      .where(or(inArray(messageBatches.requestsKey, [...keys]), inArray(messageBatches.resultsKey, [...keys]))),
  );
  return new Set(rows.flatMap(({ requestsKey, resultsKey }) => [requestsKey ?? "", resultsKey ?? ""]));
}

function isVisible(workspaceId: string, id: string) {
  return and(eq(messageBatches.workspaceId, workspaceId), eq(messageBatches.id, id), ne(messageBatches.status, "creating"));
}
