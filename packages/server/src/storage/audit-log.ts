import { createHmac } from "node:crypto";
import { and, asc, desc, eq, gt, gte, lt, lte, type SQL } from "drizzle-orm";
import { auditHeads, auditLog } from "./schema.ts";
import type { Queries, Storage } from "./storage.ts";

export interface AuditActor {
  /** `cli`: somebody with a shell on the machine, by the name of the system's user. `system`: Parley itself. */
  readonly type: "admin_api_key" | "api_key" | "user" | "cli" | "system";
  readonly id: string;
}

/** One administrative act: what it was done to, and what is known of that before and after. */
export interface AuditEntry {
  /** `workspace.create`: the kind of target and the verb. */
  readonly action: string;
  readonly target: { readonly type: string; readonly id: string };
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

export interface AuditRow extends AuditEntry {
  readonly organizationId: string;
  readonly sequence: number;
  readonly atMs: number;
  readonly actor: AuditActor;
  readonly requestId: string | null;
  readonly previousHash: string;
  readonly hash: string;
}

/** Who acts on which organization, and when. */
export interface AuditedAct {
  readonly organizationId: string;
  readonly actor: AuditActor;
  readonly requestId: string | null;
  readonly atMs: number;
  /** Outside the database, so that who can write there still cannot write a chain that holds. */
  readonly auditKey: Buffer;
}

export type RecordAct = (entry: AuditEntry) => Promise<void>;

/** What the first row of a chain follows. */
export const GENESIS = "genesis";

/**
 * One change of an organization in one transaction with what the audit log says of it. Changes of one organization run
 * one after the other, so that `work` may look before it writes.
 */
export function changeAudited<Result>(
  storage: Storage,
  operation: string,
  act: AuditedAct,
  work: (queries: Queries, record: RecordAct) => Promise<Result>,
): Promise<Result> {
  return storage.run({ operation, repeatable: false }, (database) =>
    database.transaction((transaction) => recordActsOn(transaction, act, (record) => work(transaction, record))),
  );
}

/** The same inside a transaction that is open already. */
export async function recordActsOn<Result>(
  queries: Queries,
  act: AuditedAct,
  work: (record: RecordAct) => Promise<Result>,
): Promise<Result> {
  const { organizationId } = act;
  await queries.insert(auditHeads).values({ organizationId, sequence: 0, hash: GENESIS }).onConflictDoNothing();
  const [locked] = await queries.select().from(auditHeads).where(eq(auditHeads.organizationId, organizationId)).for("update");
  let head = { sequence: locked?.sequence ?? 0, hash: locked?.hash ?? GENESIS };
  const begun = head.sequence;
  const result = await work(async (entry) => {
    const { auditKey, ...about } = act;
    const row = { ...about, ...entry, sequence: head.sequence + 1, previousHash: head.hash };
    const hash = hashAuditRow(auditKey, row);
    await queries.insert(auditLog).values({
      organizationId,
      sequence: row.sequence,
      at: new Date(row.atMs),
      actorType: row.actor.type,
      actorId: row.actor.id,
      action: row.action,
      targetType: row.target.type,
      targetId: row.target.id,
      before: row.before,
      after: row.after,
      requestId: row.requestId,
      previousHash: row.previousHash,
      hash,
    });
    head = { sequence: row.sequence, hash };
  });
  if (head.sequence > begun) await queries.update(auditHeads).set(head).where(eq(auditHeads.organizationId, organizationId));
  return result;
}

export function hashAuditRow(auditKey: Buffer, row: Omit<AuditRow, "hash">): string {
  const { organizationId, sequence, atMs, actor, action, target, before, after, requestId, previousHash } = row;
  const fields = [organizationId, sequence, atMs, actor.type, actor.id, action, target.type, target.id];
  const text = JSON.stringify([1, ...fields, ordered(before), ordered(after), requestId, previousHash]);
  return createHmac("sha256", auditKey).update(text).digest("base64url");
}

/** The database keeps the members of an object in an order of its own. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => [key, ordered(inner)]);
}

export interface AuditFilter {
  readonly action: string | null;
  readonly actorId: string | null;
  readonly targetId: string | null;
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

/** Newest first, from before `beforeSequence` on. */
export async function listAuditRows(
  storage: Storage,
  organizationId: string,
  filter: AuditFilter,
  page: { readonly limit: number; readonly beforeSequence: number | null },
): Promise<{ readonly rows: readonly AuditRow[]; readonly hasMore: boolean }> {
  const where: (SQL | undefined)[] = [
    eq(auditLog.organizationId, organizationId),
    filter.action === null ? undefined : eq(auditLog.action, filter.action),
    filter.actorId === null ? undefined : eq(auditLog.actorId, filter.actorId),
    filter.targetId === null ? undefined : eq(auditLog.targetId, filter.targetId),
    filter.fromMs === null ? undefined : gte(auditLog.at, new Date(filter.fromMs)),
    filter.toMs === null ? undefined : lt(auditLog.at, new Date(filter.toMs)),
    page.beforeSequence === null ? undefined : lt(auditLog.sequence, page.beforeSequence),
  ];
  const rows = await storage.run({ operation: "list audit log", repeatable: true }, (database) =>
    database
      .select()
      .from(auditLog)
      .where(and(...where))
      .orderBy(desc(auditLog.sequence))
      .limit(page.limit + 1),
  );
  return { rows: rows.slice(0, page.limit).map(toAuditRow), hasMore: rows.length > page.limit };
}

export interface AuditHead {
  readonly organizationId: string;
  readonly sequence: number;
  readonly hash: string;
}

/** Where each chain ends by its own account. */
export function listAuditHeads(storage: Storage): Promise<AuditHead[]> {
  return storage.run({ operation: "list audit heads", repeatable: true }, (database) =>
    database.select().from(auditHeads).orderBy(asc(auditHeads.organizationId)),
  );
}

/** Organizations that have rows, whether or not a head knows of them. */
export async function listAuditedOrganizations(storage: Storage): Promise<string[]> {
  const rows = await storage.run({ operation: "list audited organizations", repeatable: true }, (database) =>
    database.selectDistinct({ id: auditLog.organizationId }).from(auditLog),
  );
  return rows.map(({ id }) => id);
}

const READ_AT_ONCE = 1_000;

/** A chain up to a sequence from its beginning, oldest first. */
export async function* readAuditChain(storage: Storage, organizationId: string, upTo: number): AsyncGenerator<AuditRow> {
  for (let after = 0; ;) {
    const rows = await storage.run({ operation: "read audit log", repeatable: true }, (database) =>
      database
        .select()
        .from(auditLog)
        .where(and(eq(auditLog.organizationId, organizationId), gt(auditLog.sequence, after), lte(auditLog.sequence, upTo)))
        .orderBy(asc(auditLog.sequence))
        .limit(READ_AT_ONCE),
    );
    for (const row of rows) yield toAuditRow(row);
    const last = rows.at(-1);
    if (!last || rows.length < READ_AT_ONCE) return;
    after = last.sequence;
  }
}

function toAuditRow(row: typeof auditLog.$inferSelect): AuditRow {
  return {
    organizationId: row.organizationId,
    sequence: row.sequence,
    atMs: row.at.getTime(),
    actor: { type: row.actorType, id: row.actorId },
    action: row.action,
    target: { type: row.targetType, id: row.targetId },
    before: row.before,
    after: row.after,
    requestId: row.requestId,
    previousHash: row.previousHash,
    hash: row.hash,
  };
}
