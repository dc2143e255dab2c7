import { sql, type SQL } from "drizzle-orm";
import { CLIENT_CLOSED } from "../platform/client-closed.ts";
import { isKeptNoLonger } from "./retention.ts";
import { requestFailures } from "./schema.ts";
import type { Storage } from "./storage.ts";

export type RequestOutcome = "succeeded" | "errored" | "canceled";

export interface RequestFilter {
  readonly organizationId: string;
  /** Inclusive, and exclusive. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly models: readonly string[];
  readonly apiKeyIds: readonly string[];
  readonly workspaceIds: readonly string[];
  readonly outcome: RequestOutcome | null;
}

/** Where a page ended: the next begins with what came before it. */
export interface RequestCursor {
  readonly startedAtMs: number;
  readonly id: string;
}

export interface RequestRow {
  readonly id: string;
  readonly startedAtMs: number;
  readonly workspaceId: string;
  readonly apiKeyId: string;
  readonly userId: string | null;
  readonly model: string | null;
  /** Null for a request that was refused before its turn. */
  readonly turn: RequestTurn | null;
  /** Null: it was answered. */
  readonly failure: { readonly type: string; readonly message: string | null; readonly status: number | null } | null;
  readonly durationMs: number;
}

export interface RequestTurn {
  readonly messageId: string;
  readonly weights: string;
  readonly product: "messages_api" | "message_batches_api" | "claude_code";
  readonly serviceTier: "standard" | "priority" | "batch";
  readonly sessionId: string | null;
  readonly stopReason: string | null;
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly thinkingTokens: number;
  readonly costNanoUsd: bigint;
  readonly cacheMissReason: string | null;
  readonly missedInputTokens: number | null;
  readonly timings: Readonly<Record<"render" | "queue" | "cached" | "prefill" | "decode", number>> &
    Readonly<Record<"auth" | "read" | "limits", number | null>>;
}

export interface RequestPage {
  readonly rows: readonly RequestRow[];
  /** How far a filter has looked: older requests may match too. Null: to the end. */
  readonly lookedTo: RequestCursor | null;
}

/** A filter that few requests match looks at so many of each kind, and says how far it came. */
const LOOKED_AT_MAX = 20_000;

/** Newest first: the turns of the ledger, and the requests that failed before theirs began. */
export async function listRequests(
  storage: Storage,
  filter: RequestFilter,
  {
    limit,
    before,
    lookedAtMax = LOOKED_AT_MAX,
  }: { readonly limit: number; readonly before: RequestCursor | null; readonly lookedAtMax?: number },
): Promise<RequestPage> {
  const { outcome } = filter;
  const lookedTo = isNarrow(filter) ? await findFloor(storage, filter, before, lookedAtMax) : null;
  const where = matching(filter, before, lookedTo);
  const end = sql`order by started_at desc, request_id desc limit ${limit}::integer`;
  const turns = sql`(${TURNS} where ${where} and ${turnsWith(outcome)} ${end})`;
  const failures = sql`(${FAILURES} where ${where} and ${failuresWith(outcome)} and ${NOT_ON_LEDGER} ${end})`;
  const rows = await read(storage, outcome === "succeeded" ? turns : sql`${turns} union all ${failures} ${end}`);
  return { rows, lookedTo };
}

/** Whether it leaves out more than a span of time does, which the indexes know. */
function isNarrow({ models, apiKeyIds, workspaceIds, outcome }: RequestFilter): boolean {
  return outcome !== null || models.length + apiKeyIds.length + workspaceIds.length > 0;
}

/** The last of so many requests of the organization within the span, told from an index alone; null: there are not so many. */
async function findFloor(
  storage: Storage,
  filter: RequestFilter,
  before: RequestCursor | null,
  lookedAtMax: number,
): Promise<RequestCursor | null> {
  const all = { ...filter, models: [], apiKeyIds: [], workspaceIds: [] };
  const floorOf = (table: SQL): SQL => sql`(select started_at, request_id from ${table} where ${matching(all, before, null)}
    order by started_at desc, request_id desc offset ${lookedAtMax - 1}::integer limit 1)`;
  const { rows } = await storage.run({ operation: "bound a look into the log of requests", repeatable: true }, (database) =>
    database.execute<{ ms: string; request_id: string }>(sql`
      select (extract(epoch from started_at) * 1000)::bigint::text as ms, request_id
      from (${floorOf(sql`turn_records`)} union all ${floorOf(sql`request_failures`)}) floors
      order by started_at desc, request_id desc limit 1`),
  );
  const [floor] = rows;
  return floor === undefined ? null : { startedAtMs: Number(floor.ms), id: floor.request_id };
}

export async function findRequest(storage: Storage, organizationId: string, id: string): Promise<RequestRow | null> {
  // The time comes from the small table, so that one month of the ledger is looked into and not each.
  const turn = sql`(${TURNS} where organization_id = ${organizationId} and request_id = ${id}
    and started_at = (select started_at from turn_requests where request_id = ${id}))`;
  const failure = sql`(${FAILURES} where organization_id = ${organizationId} and request_id = ${id} and ${NOT_ON_LEDGER})`;
  const rows = await read(storage, sql`${turn} union all ${failure}`);
  return rows[0] ?? null;
}

export type RequestFailureRow = typeof requestFailures.$inferInsert;

export async function insertRequestFailures(storage: Storage, rows: readonly RequestFailureRow[]): Promise<void> {
  await storage.run({ operation: "log failed requests", repeatable: true }, (database) =>
    database
      .insert(requestFailures)
      .values([...rows])
      .onConflictDoNothing(),
  );
}

/** So many rows are changed at once: a statement over millions would hold locks, and its log, for minutes. */
const SLICE_ROWS = 5_000;

/** Those that their workspaces keep no longer. */
export function deleteRequestFailures(storage: Storage, now: Date, defaultDays: number): Promise<void> {
  const isOver = isKeptNoLonger(requestFailures.startedAt, requestFailures.workspaceId, now, defaultDays);
  return inSlices(
    storage,
    "forget failed requests",
    (some) => sql`delete from request_failures where request_id in (
    select request_id from request_failures where ${isOver} ${some})`,
  );
}

/** All but the newest of a workspace. */
export function trimRequestFailures(storage: Storage, workspaceId: string, rowsMax: number): Promise<void> {
  return inSlices(
    storage,
    "forget failed requests",
    (some) => sql`delete from request_failures where request_id in (
    select request_id from request_failures where workspace_id = ${workspaceId} and (started_at, request_id) <= (
      select started_at, request_id from request_failures where workspace_id = ${workspaceId}
      order by started_at desc, request_id desc offset ${rowsMax}::integer limit 1)
    order by started_at, request_id ${some})`,
  );
}

/** Workspaces with more failed requests than are kept of one; it reads an index over all of them. */
export async function findFailureHoarders(storage: Storage, rowsMax: number): Promise<readonly string[]> {
  const { rows } = await storage.run({ operation: "find hoarders of failed requests", repeatable: true }, (database) =>
    database.execute<{ workspace_id: string }>(sql`
      select workspace_id from request_failures group by workspace_id having count(*) > ${rowsMax}::integer`),
  );
  return rows.map((row) => row.workspace_id);
}

/** Of one workspace: a message may quote what was sent. */
export function deleteFailureMessages(storage: Storage, workspaceId: string): Promise<void> {
  return inSlices(
    storage,
    "forget messages of failed requests",
    (some) => sql`
    update request_failures set error_message = null where request_id in (
      select request_id from request_failures where workspace_id = ${workspaceId} and error_message is not null ${some})`,
  );
}

async function inSlices(storage: Storage, operation: string, change: (some: SQL) => SQL): Promise<void> {
  for (;;) {
    const { rowCount } = await storage.run({ operation, repeatable: true }, (database) =>
      database.execute(change(sql`limit ${SLICE_ROWS}::integer`)),
    );
    if ((rowCount ?? 0) < SLICE_ROWS) return;
  }
}

const TURNS = sql`select request_id, started_at, workspace_id, api_key_id, user_id, model, message_id, weights, product,
  service_tier, session_id, stop_reason, input_tokens, cache_read_tokens,
  cache_write_5m_tokens + cache_write_1h_tokens as cache_write_tokens, output_tokens, thinking_tokens, cost_nano_usd,
  cache_miss_reason, missed_input_tokens, auth_ms, read_ms, limits_ms, render_ms, queue_ms, restore_ms, prefill_ms, decode_ms,
  outcome as error_type, null::text as error_message, null::integer as status,
  coalesce(auth_ms + read_ms + limits_ms, 0) + render_ms + queue_ms + restore_ms + prefill_ms + decode_ms as duration_ms
  from turn_records`;

const FAILURES = sql`select request_id, started_at, workspace_id, api_key_id, user_id, model, null::text, null::text, null::text,
  null::text, null::text, null::text, null::bigint, null::bigint,
  null::bigint, null::bigint, null::bigint, null::bigint,
  null::text, null::bigint, auth_ms, null::double precision, null::double precision, null::double precision,
  null::double precision, null::double precision, null::double precision, null::double precision,
  error_type, error_message, status, duration_ms
  from request_failures f`;

/** A turn that failed once it had begun is in both. */
const NOT_ON_LEDGER = sql`not exists (select from turn_requests t where t.request_id = f.request_id)`;

function matching(
  { organizationId, fromMs, toMs, models, apiKeyIds, workspaceIds }: RequestFilter,
  before: RequestCursor | null,
  floor: RequestCursor | null,
) {
  const conditions: SQL[] = [sql`organization_id = ${organizationId}`];
  if (fromMs !== null) conditions.push(sql`started_at >= ${toInstant(fromMs)}`);
  if (toMs !== null) conditions.push(sql`started_at < ${toInstant(toMs)}`);
  if (before !== null) {
    // The first says to the planner which months cannot matter.
    conditions.push(sql`started_at <= ${toInstant(before.startedAtMs)}`);
    conditions.push(sql`(started_at, request_id) < (${toInstant(before.startedAtMs)}, ${before.id})`);
  }
  if (floor !== null) {
    conditions.push(sql`started_at >= ${toInstant(floor.startedAtMs)}`);
    conditions.push(sql`(started_at, request_id) >= (${toInstant(floor.startedAtMs)}, ${floor.id})`);
  }
  for (const [column, values] of [
    [sql`model`, models],
    [sql`api_key_id`, apiKeyIds],
    [sql`workspace_id`, workspaceIds],
  ] as const) {
    if (values.length > 0) {
      conditions.push(sql`${column} in (select json_array_elements_text(${JSON.stringify(values)}::json))`);
    }
  }
  return sql.join(conditions, sql` and `);
}

function turnsWith(outcome: RequestOutcome | null): SQL {
  if (outcome === null) return sql`true`;
  if (outcome === "succeeded") return sql`outcome is null`;
  return outcome === "canceled" ? sql`outcome = ${CLIENT_CLOSED}` : sql`outcome <> ${CLIENT_CLOSED}`;
}

function failuresWith(outcome: RequestOutcome | null): SQL {
  if (outcome === null) return sql`true`;
  return outcome === "canceled" ? sql`error_type = ${CLIENT_CLOSED}` : sql`error_type <> ${CLIENT_CLOSED}`;
}

const toInstant = (ms: number): SQL => sql`${new Date(ms).toISOString()}::timestamptz`;

interface Raw extends Record<string, unknown> {
  readonly request_id: string;
  readonly started_ms: string;
  readonly workspace_id: string;
  readonly api_key_id: string;
  readonly user_id: string | null;
  readonly model: string | null;
  readonly message_id: string | null;
  readonly weights: string | null;
  readonly product: RequestTurn["product"];
  readonly service_tier: RequestTurn["serviceTier"];
  readonly session_id: string | null;
  readonly stop_reason: string | null;
  readonly input_tokens: string;
  readonly cache_read_tokens: string;
  readonly cache_write_tokens: string;
  readonly output_tokens: string;
  readonly thinking_tokens: string;
  readonly cost_nano_usd: string;
  readonly cache_miss_reason: string | null;
  readonly missed_input_tokens: string | null;
  readonly auth_ms: number | null;
  readonly read_ms: number | null;
  readonly limits_ms: number | null;
  readonly render_ms: number;
  readonly queue_ms: number;
  readonly restore_ms: number;
  readonly prefill_ms: number;
  readonly decode_ms: number;
  readonly error_type: string | null;
  readonly error_message: string | null;
  readonly status: number | null;
  readonly duration_ms: number;
}

async function read(storage: Storage, rows: SQL): Promise<readonly RequestRow[]> {
  const result = await storage.run({ operation: "read the log of requests", repeatable: true }, (database) =>
    database.execute<Raw>(sql`select r.*, (extract(epoch from r.started_at) * 1000)::bigint::text as started_ms from (${rows}) r
      order by r.started_at desc, r.request_id desc`),
  );
  return result.rows.map(toRow);
}

function toRow(raw: Raw): RequestRow {
  return {
    id: raw.request_id,
    startedAtMs: Number(raw.started_ms),
    workspaceId: raw.workspace_id,
    apiKeyId: raw.api_key_id,
    userId: raw.user_id,
    model: raw.model,
    turn: toTurn(raw),
    failure: raw.error_type === null ? null : { type: raw.error_type, message: raw.error_message, status: raw.status },
    durationMs: raw.duration_ms,
  };
}

function toTurn(raw: Raw): RequestTurn | null {
  if (raw.message_id === null || raw.weights === null) return null;
  return {
    messageId: raw.message_id,
    weights: raw.weights,
    product: raw.product,
    serviceTier: raw.service_tier,
    sessionId: raw.session_id,
    stopReason: raw.stop_reason,
    inputTokens: Number(raw.input_tokens),
    cacheReadTokens: Number(raw.cache_read_tokens),
    cacheWriteTokens: Number(raw.cache_write_tokens),
    outputTokens: Number(raw.output_tokens),
    thinkingTokens: Number(raw.thinking_tokens),
    costNanoUsd: BigInt(raw.cost_nano_usd),
    cacheMissReason: raw.cache_miss_reason,
    missedInputTokens: raw.missed_input_tokens === null ? null : Number(raw.missed_input_tokens),
    timings: {
      auth: raw.auth_ms,
      read: raw.read_ms,
      limits: raw.limits_ms,
      render: raw.render_ms,
      queue: raw.queue_ms,
      cached: raw.restore_ms,
      prefill: raw.prefill_ms,
      decode: raw.decode_ms,
    },
  };
}
