import { z } from "zod";
import { fail } from "../../platform/fail.ts";
import type { PageOf, PageRequest } from "../../storage/select-page.ts";

/** Source: surface.md E and F, `Page`. */
const PAGE_LIMIT_DEFAULT = 20;
const PAGE_LIMIT_MAX = 1000;

/** The query of a `Page` list, for the contract; spread into the endpoint's own. */
export const PAGE_QUERY = {
  before_id: z.string().optional(),
  after_id: z.string().optional(),
  limit: z.int().min(1).max(PAGE_LIMIT_MAX).optional(),
};

/** The query of a `PageCursor` list, for the contract. */
export const CURSOR_QUERY = {
  page: z.string().nullish(),
  limit: z.int().min(1).max(PAGE_LIMIT_MAX).optional(),
};

export function parsePageQuery(
  query: URLSearchParams,
  limits = { default: PAGE_LIMIT_DEFAULT, max: PAGE_LIMIT_MAX },
): PageRequest {
  const [beforeId, afterId] = [query.get("before_id") || null, query.get("after_id") || null];
  if (beforeId !== null && afterId !== null) throw refuseQuery("after_id", "Only one of `before_id` and `after_id` may be given");
  return { limit: parseLimit(query, limits), beforeId, afterId };
}

/** The platform's `Page` of what storage found. */
export function toPageBody<Row, Item extends { readonly id: string }>(
  page: PageOf<Row>,
  toItem: (row: Row) => Item,
): { data: Item[]; has_more: boolean; first_id: string | null; last_id: string | null } {
  const data = page.rows.map(toItem);
  return { data, has_more: page.hasMore, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
}

/** `limit` and the value that an earlier page's `next_page` carried; null: the first page. */
export function parseCursorQuery<Cursor>(
  query: URLSearchParams,
  cursor: z.ZodType<Cursor>,
  limits = { default: PAGE_LIMIT_DEFAULT, max: PAGE_LIMIT_MAX },
): { readonly limit: number; readonly cursor: Cursor | null } {
  const limit = parseLimit(query, limits);
  const page = query.get("page");
  if (page === null || page === "") return { limit, cursor: null };
  return { limit, cursor: decodeCursor(page, cursor) };
}

/** Where a list by time ended; to the year 9999. */
export const TimeCursor = z.strictObject({
  at: z.int().min(0).max(253_402_300_799_999),
  id: z.string().regex(/^[\w-]{1,128}$/),
});
export type TimeCursor = z.infer<typeof TimeCursor>;

/** An opaque `next_page`. It is no secret and no proof: whoever reads it back checks it like any input. */
export function encodeCursor(value: unknown): string {
  return `page_${Buffer.from(JSON.stringify(value)).toString("base64url")}`;
}

function decodeCursor<Cursor>(page: string, cursor: z.ZodType<Cursor>): Cursor {
  try {
    return cursor.parse(JSON.parse(Buffer.from(page.replace(/^page_/, ""), "base64url").toString("utf8")));
  } catch {
    throw refuseQuery("page", "Invalid page token");
  }
}

function parseLimit(query: URLSearchParams, limits: { readonly default: number; readonly max: number }): number {
  const limit = query.get("limit") ?? String(limits.default);
  if (!/^-?\d+$/.test(limit)) {
    throw refuseQuery("limit", "Input should be a valid integer, unable to parse string as an integer");
  }
  if (Number(limit) < 1) throw refuseQuery("limit", "Input should be greater than or equal to 1");
  if (Number(limit) > limits.max) throw refuseQuery("limit", `Input should be less than or equal to ${limits.max}`);
  return Number(limit);
}

/** The platform's 400 for a bad query parameter. */
export function refuseQuery(path: string, text: string) {
  return fail("invalid_request_error", { public: `${path}: ${text}` });
}
