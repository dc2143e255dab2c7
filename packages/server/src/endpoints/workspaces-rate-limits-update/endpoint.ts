import { WorkspaceRateLimit, WorkspaceRateLimitUpdateRequest } from "@parley/wire";
import { fail } from "../../platform/fail.ts";
import { listWorkspaceRateLimits } from "../../storage/rate-limits.ts";
import { changeWorkspaceLimits } from "../../tenancy/change-workspace-limits.ts";
import { notFound } from "../../tenancy/not-found.ts";
import { limitKindOf } from "../../limits/limit-kinds.ts";
import type { RateLimitGroup } from "../../limits/rate-limit-entries.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { actOf, ADMIN_BODY_MAX_BYTES, idOf } from "../shared/admin-request.ts";
import { organizationEntries, toWorkspaceRateLimit } from "../shared/rate-limit-objects.ts";
import { parseBody } from "../shared/to-body.ts";

export const workspacesRateLimitsUpdate = defineEndpoint({
  name: "workspaces-rate-limits-update",
  summary: "Set or clear a workspace's own limits for one group",
  method: "POST",
  path: "/v1/organizations/workspaces/:workspace_id/rate_limits/:rate_limit_id",
  permission: "admin",
  asksAgain: true,
  body: {
    schema: WorkspaceRateLimitUpdateRequest,
    maxBytes: ADMIN_BODY_MAX_BYTES,
    parse: (json) => parseBody(WorkspaceRateLimitUpdateRequest, json),
  },
  reply: { schema: WorkspaceRateLimit },
  async handle(request, deps) {
    const workspaceId = idOf(request, "workspace_id", "Workspace");
    const id = idOf(request, "rate_limit_id", "Rate limit");
    const entry = (await organizationEntries(request, deps)).find((each) => each.id === id);
    if (!entry) throw notFound("Rate limit", id);
    for (const [index, { type }] of request.body.limits.entries()) {
      if (mayOverride(entry.group.type, type)) continue;
      const group = entry.group.displayName;
      throw fail("invalid_request_error", { public: `limits.${index}.type: '${type}' is not a limiter of the group '${group}'` });
    }
    await changeWorkspaceLimits(deps.tenancy, actOf(request), workspaceId, entry.group.key, request.body.limits);
    deps.limitPolicy.forget(workspaceId);
    const overrides = await listWorkspaceRateLimits(deps.tenancy.storage, workspaceId);
    const options = { version: request.version, withInherited: false, evenIfEmpty: true };
    return { kind: "json", body: toWorkspaceRateLimit(entry, workspaceId, overrides, options) };
  },
});

/** Whether a workspace may have a limit of its own: the queue of batches is its organization's alone. */
function mayOverride(group: RateLimitGroup["type"], limiter: string): boolean {
  switch (group) {
    case "model_group":
      return limitKindOf(limiter) !== null;
    case "token_count":
      return limiter === "requests_per_minute";
    case "batch":
      return false;
    default:
      group satisfies never;
      return false;
  }
}
