/** What is known of a workspace, page by page in an order that stays, for its export. */
import { sql, type SQL } from "drizzle-orm";
import type { Storage } from "./storage.ts";

/** A row as JSON; numbers that JSON could not hold exactly are text. */
export type ExportedRow = Readonly<Record<string, unknown>>;

const PAGE_ROWS = 1_000;
/** Of rows of some megabytes each. */
const LARGE_PAGE_ROWS = 4;

/** Rows of the ledger up to a moment, oldest first. */
export function readLedgerOf(storage: Storage, workspaceId: string, until: Date): AsyncGenerator<ExportedRow[]> {
  return pages(
    storage,
    (after) => sql`
      select to_jsonb(t) - 'organization_id' - 'workspace_id'
          || jsonb_build_object('sequence', t.sequence::text, ${TEXT_AMOUNTS}) as row,
        jsonb_build_array(t.started_at, t.sequence::text) as cursor
      from turn_records t
      where t.workspace_id = ${workspaceId} and t.recorded_at <= ${until.toISOString()}::timestamptz
        and (${after}::jsonb is null
          or (t.started_at, t.sequence) > ((${after}::jsonb->>0)::timestamptz, (${after}::jsonb->>1)::bigint))
      order by t.started_at, t.sequence limit ${PAGE_ROWS}`,
  );
}

/** Sums a day, key, model and so on. */
export function readUsageOf(storage: Storage, workspaceId: string): AsyncGenerator<ExportedRow[]> {
  return pages(
    storage,
    (after) => sql`
      select to_jsonb(s) - 'id' - 'organization_id' - 'workspace_id' || (to_jsonb(t) - 'series_id')
          || jsonb_build_object('charged_nano_usd', t.charged_nano_usd::text, ${TEXT_PARTS}) as row,
        jsonb_build_array(t.series_id, t.bucket) as cursor
      from usage_days t join usage_series s on s.id = t.series_id
      where s.workspace_id = ${workspaceId}
        and (${after}::jsonb is null
          or (t.series_id, t.bucket) > ((${after}::jsonb->>0)::bigint, (${after}::jsonb->>1)::timestamptz))
      order by t.series_id, t.bucket limit ${PAGE_ROWS}`,
  );
}

/** Keys without anything that they could be guessed by. */
export const readKeysOf = (storage: Storage, workspaceId: string): AsyncGenerator<ExportedRow[]> =>
  pages(storage, (after) => byId(sql`to_jsonb(t) - 'secret_hmac'`, sql`api_keys`, workspaceId, after));

export const readFilesOf = (storage: Storage, workspaceId: string): AsyncGenerator<ExportedRow[]> =>
  pages(storage, (after) => byId(sql`to_jsonb(t)`, sql`files`, workspaceId, after));

export const readSkillsOf = (storage: Storage, workspaceId: string): AsyncGenerator<ExportedRow[]> =>
  pages(storage, (after) => byId(sql`to_jsonb(t)`, sql`skills`, workspaceId, after));

export const readSkillVersionsOf = (storage: Storage, workspaceId: string): AsyncGenerator<ExportedRow[]> =>
  pages(storage, (after) =>
    byId(sql`to_jsonb(t) || jsonb_build_object('version', t.version::text)`, sql`skill_versions`, workspaceId, after),
  );

/** Prompts saved in the Console, without their versions. */
export const readPromptsOf = (storage: Storage, workspaceId: string): AsyncGenerator<ExportedRow[]> =>
  pages(
    storage,
    (after) => byId(sql`to_jsonb(t)`, sql`prompts`, workspaceId, after, { pageRows: LARGE_PAGE_ROWS }),
    LARGE_PAGE_ROWS,
  );

export function readPromptVersionsOf(storage: Storage, workspaceId: string): AsyncGenerator<ExportedRow[]> {
  return pages(
    storage,
    (after) => sql`
      select to_jsonb(v) as row, jsonb_build_array(v.prompt_id, v.version) as cursor
      from prompt_versions v join prompts p on p.id = v.prompt_id
      where p.workspace_id = ${workspaceId}
        and (${after}::jsonb is null or (v.prompt_id, v.version) > (${after}::jsonb->>0, (${after}::jsonb->>1)::int))
      order by v.prompt_id, v.version limit ${LARGE_PAGE_ROWS}`,
    LARGE_PAGE_ROWS,
  );
}

/** Requests that failed, for the log of requests. */
export function readFailuresOf(storage: Storage, workspaceId: string): AsyncGenerator<ExportedRow[]> {
  return pages(
    storage,
    (after) => sql`
      select to_jsonb(t) - 'organization_id' - 'workspace_id' as row, jsonb_build_array(t.started_at, t.request_id) as cursor
      from request_failures t
      where t.workspace_id = ${workspaceId} and (${after}::jsonb is null
        or (t.started_at, t.request_id) > ((${after}::jsonb->>0)::timestamptz, ${after}::jsonb->>1))
      order by t.started_at, t.request_id limit ${PAGE_ROWS}`,
  );
}

/** Those that clients see. */
export const readBatchesOf = (storage: Storage, workspaceId: string): AsyncGenerator<ExportedRow[]> =>
  pages(storage, (after) =>
    byId(sql`to_jsonb(t)`, sql`message_batches`, workspaceId, after, { also: sql`and t.status <> 'creating'` }),
  );

function byId(
  row: SQL,
  table: SQL,
  workspaceId: string,
  after: string | null,
  { also = sql``, pageRows = PAGE_ROWS }: { readonly also?: SQL; readonly pageRows?: number } = {},
): SQL {
  return sql`
    select ${row} as row, to_jsonb(t.id) as cursor from ${table} t
    where t.workspace_id = ${workspaceId} and (${after}::jsonb is null or t.id > ${after}::jsonb #>> '{}') ${also}
    order by t.id limit ${pageRows}`;
}

const PARTS = ["input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "web_search"];
const asText = (columns: readonly string[]): SQL =>
  sql.raw(columns.map((name) => `'${name}_nano_usd', t.${name}_nano_usd::text`).join(", "));
const TEXT_PARTS = asText(PARTS);
const TEXT_AMOUNTS = asText([...PARTS, "cost"]);

async function* pages(
  storage: Storage,
  query: (after: string | null) => SQL,
  pageRows = PAGE_ROWS,
): AsyncGenerator<ExportedRow[]> {
  for (let after: string | null = null; ;) {
    const page = await readPage(storage, query(after));
    if (page.length > 0) yield page.map(({ row }) => row);
    const last = page.at(-1);
    if (!last || page.length < pageRows) return;
    after = JSON.stringify(last.cursor);
  }
}

async function readPage(storage: Storage, query: SQL): Promise<{ row: ExportedRow; cursor: unknown }[]> {
  const { rows } = await storage.run({ operation: "export a workspace", repeatable: true }, (database) =>
    database.execute<{ row: ExportedRow; cursor: unknown }>(query),
  );
  return rows;
}
