import { and, asc, desc, eq, sql, type SQL } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import { fail } from "../platform/fail.ts";
import type { Database } from "./storage.ts";

/** The platform's `Page` style. At most one of the two ids is set. */
export interface PageRequest {
  readonly limit: number;
  readonly afterId: string | null;
  readonly beforeId: string | null;
}

export interface PageOf<Row> {
  /** Newest first, whichever way the page was asked for. */
  readonly rows: Row[];
  /** More rows lie on in the direction that was asked for. */
  readonly hasMore: boolean;
}

type PagedTable = PgTable & { readonly id: PgColumn; readonly createdAt: PgColumn };

/**
 * One page of a table's rows that `where` admits, newest first and by id where times are equal. An id that is not among
 * them throws `invalid_request_error`: a page that begins nowhere would look like the end of the list.
 */
export async function selectPage<Table extends PagedTable>(
  database: Pick<Database, "select">,
  table: Table,
  where: SQL | undefined,
  { limit, afterId, beforeId }: PageRequest,
): Promise<PageOf<Table["$inferSelect"]>> {
  // Drizzle's checks of `from` cannot be decided for a table that is not known yet.
  const source: PgTable = table;
  const anchorId = afterId ?? beforeId;
  let beyond: SQL | undefined;
  if (anchorId !== null) {
    const [anchor] = await database
      .select({ createdAt: table.createdAt })
      .from(source)
      .where(and(where, eq(table.id, anchorId)))
      .limit(1);
    if (!anchor) {
      const name = afterId === null ? "before_id" : "after_id";
      throw fail("invalid_request_error", { public: `${name}: no object of this list has the id '${anchorId.slice(0, 100)}'` });
    }
    const than = sql`(${sql.param(anchor.createdAt, table.createdAt)}, ${anchorId})`;
    beyond =
      afterId === null ? sql`(${table.createdAt}, ${table.id}) > ${than}` : sql`(${table.createdAt}, ${table.id}) < ${than}`;
  }
  const order = beforeId === null ? [desc(table.createdAt), desc(table.id)] : [asc(table.createdAt), asc(table.id)];
  const rows = await database
    .select()
    .from(source)
    .where(and(where, beyond))
    .orderBy(...order)
    .limit(limit + 1);
  const kept = rows.slice(0, limit) as Table["$inferSelect"][];
  return { rows: beforeId === null ? kept : kept.toReversed(), hasMore: rows.length > limit };
}
