import { FilePage, LegacyFilePage } from "@parley/wire";
import { z } from "zod";
import type { FileCursor } from "../../storage/files.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toFile, toLegacyFile, wantsLegacyFiles } from "../shared/file-reply.ts";
import {
  CURSOR_QUERY,
  encodeCursor,
  PAGE_QUERY,
  parseCursorQuery,
  parsePageQuery,
  refuseQuery,
  toPageBody,
} from "../shared/page-query.ts";

/** Source: surface.md E. */
const IDS_MAX = 100;

const Cursor: z.ZodType<FileCursor> = z.strictObject({ createdAtMs: z.int(), id: z.string().max(100) });

export const filesList = defineEndpoint({
  name: "files-list",
  summary: "List files, newest first",
  method: "GET",
  path: "/v1/files",
  permission: "workspace",
  query: z.object({ ...CURSOR_QUERY, ...PAGE_QUERY, "ids[]": z.array(z.string()).max(IDS_MAX).optional() }),
  reply: { schema: FilePage.or(LegacyFilePage) },
  async handle(request, { files }) {
    const { principal, query } = request;
    if (wantsLegacyFiles(request)) {
      const page = await files.page(principal, parsePageQuery(query));
      return { kind: "json", body: toPageBody(page, toLegacyFile) satisfies LegacyFilePage };
    }
    const ids = parseIds(query);
    if (ids) {
      const rows = await files.find(principal, ids);
      return { kind: "json", body: { data: rows.map(toFile), next_page: null } satisfies FilePage };
    }
    const { limit, cursor } = parseCursorQuery(query, Cursor);
    const rows = await files.list(principal, limit, cursor);
    const data = rows.slice(0, limit);
    const last = data.at(-1);
    const next = rows.length > limit && last ? encodeCursor({ createdAtMs: last.createdAt.getTime(), id: last.id }) : null;
    return { kind: "json", body: { data: data.map(toFile), next_page: next } satisfies FilePage };
  },
});

/** Null: the list is not filtered. */
function parseIds(query: URLSearchParams): readonly string[] | null {
  const ids = [...new Set(query.getAll("ids[]"))];
  if (ids.length === 0) return null;
  if (ids.length > IDS_MAX)
    throw refuseQuery("ids", `List should have at most ${IDS_MAX} items after validation, not ${ids.length}`);
  for (const other of ["page", "limit"]) {
    if (query.has(other)) throw refuseQuery("ids", `\`ids\` and \`${other}\` may not be given together`);
  }
  return ids;
}
