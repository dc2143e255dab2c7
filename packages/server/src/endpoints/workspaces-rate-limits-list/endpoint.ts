import { RateLimitGroupType, WorkspaceRateLimitPage } from "@parley/wire";
import { z } from "zod";
import { listWorkspaceRateLimits } from "../../storage/rate-limits.ts";
import { findWorkspace } from "../../storage/workspaces.ts";
import { notFound } from "../../tenancy/not-found.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { idOf, queryFlag } from "../shared/admin-request.ts";
import { CURSOR_QUERY } from "../shared/page-query.ts";
import { organizationEntries, pageOfEntries, toWorkspaceRateLimit } from "../shared/rate-limit-objects.ts";

export const workspacesRateLimitsList = defineEndpoint({
  name: "workspaces-rate-limits-list",
  summary: "List a workspace's rate limits by group",
  method: "GET",
  path: "/v1/organizations/workspaces/:workspace_id/rate_limits",
  permission: "admin",
  query: z.object({ ...CURSOR_QUERY, group_type: RateLimitGroupType.nullish(), include_inherited: z.boolean().optional() }),
  reply: { schema: WorkspaceRateLimitPage },
  async handle(request, deps) {
    const { storage } = deps.tenancy;
    const id = idOf(request, "workspace_id", "Workspace");
    if (!(await findWorkspace(storage, request.admin.organizationId, id))) throw notFound("Workspace", id);
    const withInherited = queryFlag(request.query, "include_inherited");
    const [entries, overrides] = await Promise.all([organizationEntries(request, deps), listWorkspaceRateLimits(storage, id)]);
    const options = { version: request.version, withInherited, evenIfEmpty: false };
    const body = pageOfEntries(request, entries, (entry) => toWorkspaceRateLimit(entry, id, overrides, options));
    return { kind: "json", body };
  },
});
