import { LoggedRequestPage, RequestStatus } from "@parley/wire";
import { z } from "zod";
import { listRequests } from "../../storage/request-log.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { queryChoice } from "../shared/admin-request.ts";
import { CURSOR_QUERY, encodeCursor, parseCursorQuery, TimeCursor } from "../shared/page-query.ts";
import { parseInstant, parseList, refuseUnknownKeys } from "../shared/report-query.ts";
import { toLoggedRequest } from "../shared/request-objects.ts";

const QUERY = {
  ...CURSOR_QUERY,
  starting_at: z.iso.datetime().optional(),
  ending_at: z.iso.datetime().optional(),
  status: RequestStatus.optional(),
  "models[]": z.array(z.string()).optional(),
  /** `workbench`: what people did in the Console. */
  "api_key_ids[]": z.array(z.string()).optional(),
  "workspace_ids[]": z.array(z.string()).optional(),
};

/** Parley's own, in the platform's manner. */
export const requestsList = defineEndpoint({
  name: "requests-list",
  summary: "List the organization's requests for turns, newest first",
  method: "GET",
  path: "/v1/organizations/requests",
  permission: "admin",
  query: z.object(QUERY),
  reply: { schema: LoggedRequestPage },
  async handle({ admin, query }, { tenancy }) {
    refuseUnknownKeys(query, Object.keys(QUERY));
    const { limit, cursor } = parseCursorQuery(query, TimeCursor);
    const filter = {
      organizationId: admin.organizationId,
      fromMs: query.has("starting_at") ? parseInstant(query, "starting_at") : null,
      toMs: query.has("ending_at") ? parseInstant(query, "ending_at") : null,
      models: parseList(query, "models"),
      apiKeyIds: parseList(query, "api_key_ids"),
      workspaceIds: parseList(query, "workspace_ids"),
      outcome: queryChoice(query, "status", RequestStatus),
    };
    const { rows, lookedTo } = await listRequests(tenancy.storage, filter, {
      limit: limit + 1,
      before: cursor && { startedAtMs: cursor.at, id: cursor.id },
    });
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    // A page that a filter has left short, or empty, is followed by others as long as there is something to look at.
    const end = last ? { at: last.startedAtMs, id: last.id } : lookedTo && { at: lookedTo.startedAtMs, id: lookedTo.id };
    return {
      kind: "json",
      body: {
        data: shown.map(toLoggedRequest),
        next_page: end && encodeCursor(end satisfies TimeCursor),
      },
    };
  },
});
