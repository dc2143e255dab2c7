import { WorkspacePage } from "@parley/wire";
import { z } from "zod";
import { listWorkspaces } from "../../storage/workspaces.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toWorkspace } from "../shared/admin-objects.ts";
import { queryFlag } from "../shared/admin-request.ts";
import { PAGE_QUERY, parsePageQuery, refuseQuery, toPageBody } from "../shared/page-query.ts";

/** Source: surface.md F. */
const IDS_MAX = 100;

export const workspacesList = defineEndpoint({
  name: "workspaces-list",
  summary: "List workspaces, newest first",
  method: "GET",
  path: "/v1/organizations/workspaces",
  permission: "admin",
  query: z.object({
    ...PAGE_QUERY,
    "ids[]": z.array(z.string()).max(IDS_MAX).optional(),
    include_archived: z.boolean().optional(),
    include_default: z.boolean().optional(),
  }),
  reply: { schema: WorkspacePage },
  async handle({ admin, query }, { tenancy }) {
    const ids = query.getAll("ids[]");
    if (ids.length > IDS_MAX) {
      throw refuseQuery("ids", `List should have at most ${IDS_MAX} items after validation, not ${ids.length}`);
    }
    const filter = {
      ids: ids.length === 0 ? null : ids,
      includeArchived: queryFlag(query, "include_archived"),
      includeDefault: queryFlag(query, "include_default"),
    };
    const page = await listWorkspaces(tenancy.storage, admin.organizationId, filter, parsePageQuery(query));
    return { kind: "json", body: toPageBody(page, toWorkspace) };
  },
});
