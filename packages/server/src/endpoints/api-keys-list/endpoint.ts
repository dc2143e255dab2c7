import { ApiKeyPage, ApiKeyStatus } from "@parley/wire";
import { z } from "zod";
import { listApiKeys } from "../../storage/api-keys.ts";
import { findDefaultWorkspaceId } from "../../storage/workspaces.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toApiKey } from "../shared/admin-objects.ts";
import { queryChoice, queryText } from "../shared/admin-request.ts";
import { PAGE_QUERY, parsePageQuery, toPageBody } from "../shared/page-query.ts";

export const apiKeysList = defineEndpoint({
  name: "api-keys-list",
  summary: "List API keys, newest first",
  method: "GET",
  path: "/v1/organizations/api_keys",
  permission: "admin",
  query: z.object({
    ...PAGE_QUERY,
    status: ApiKeyStatus.optional(),
    workspace_id: z.string().optional(),
    created_by_user_id: z.string().optional(),
  }),
  reply: { schema: ApiKeyPage },
  async handle({ admin, query, version }, { tenancy }) {
    const { storage, clock } = tenancy;
    const nowMs = clock.nowMs();
    const filter = {
      status: queryChoice(query, "status", ApiKeyStatus),
      workspaceId: queryText(query, "workspace_id"),
      createdByUserId: queryText(query, "created_by_user_id"),
    };
    const page = await listApiKeys(storage, admin.organizationId, filter, nowMs, parsePageQuery(query));
    const view = { version, nowMs, defaultWorkspaceId: await findDefaultWorkspaceId(storage, admin.organizationId) };
    return { kind: "json", body: toPageBody(page, (row) => toApiKey(row, view)) };
  },
});
