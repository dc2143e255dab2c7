import { AuditEventPage } from "@parley/wire";
import { z } from "zod";
import { listAuditRows } from "../../storage/audit-log.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toAuditEvent } from "../shared/admin-objects.ts";
import { queryText } from "../shared/admin-request.ts";
import { CURSOR_QUERY, encodeCursor, parseCursorQuery, refuseQuery } from "../shared/page-query.ts";

const Cursor = z.strictObject({ before: z.int().positive() });

/** Parley's own, in the platform's manner. */
export const auditLogList = defineEndpoint({
  name: "audit-log-list",
  summary: "List what was done to the organization, newest first",
  method: "GET",
  path: "/v1/organizations/audit_log",
  permission: "admin",
  query: z.object({
    ...CURSOR_QUERY,
    action: z.string().optional(),
    actor_id: z.string().optional(),
    target_id: z.string().optional(),
    starting_at: z.iso.datetime().optional(),
    ending_at: z.iso.datetime().optional(),
  }),
  reply: { schema: AuditEventPage },
  async handle({ admin, query }, { tenancy }) {
    const { limit, cursor } = parseCursorQuery(query, Cursor);
    const filter = {
      action: queryText(query, "action"),
      actorId: queryText(query, "actor_id"),
      targetId: queryText(query, "target_id"),
      fromMs: parseInstant(query, "starting_at"),
      toMs: parseInstant(query, "ending_at"),
    };
    const page = { limit, beforeSequence: cursor?.before ?? null };
    const { rows, hasMore } = await listAuditRows(tenancy.storage, admin.organizationId, filter, page);
    const last = rows.at(-1);
    return {
      kind: "json",
      body: { data: rows.map(toAuditEvent), next_page: hasMore && last ? encodeCursor({ before: last.sequence }) : null },
    };
  },
});

function parseInstant(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  if (text === null || text === "") return null;
  if (!z.iso.datetime({ offset: true }).safeParse(text).success) {
    throw refuseQuery(name, "Input should be a valid datetime (RFC 3339)");
  }
  return Date.parse(text);
}
