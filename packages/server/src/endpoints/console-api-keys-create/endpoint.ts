import { ConsoleApiKeyCreated, ConsoleApiKeyCreateRequest } from "@parley/wire";
import { fail } from "../../platform/fail.ts";
import { requireRecentAuthentication } from "../../sign-in/sessions.ts";
import { toAdminPrincipal } from "../../sign-in/to-admin-principal.ts";
import { findDefaultWorkspaceId, findWorkspace } from "../../storage/workspaces.ts";
import { notFound } from "../../tenancy/not-found.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { replyWithNewKey } from "../shared/new-key-reply.ts";
import { CONSOLE_BODY_MAX_BYTES } from "../shared/session-reply.ts";
import { parseBody } from "../shared/to-body.ts";

export const consoleApiKeysCreate = defineEndpoint({
  name: "console-api-keys-create",
  summary: "Make an API key; the reply is the only time that it is seen",
  method: "POST",
  path: "/console/api/api-keys",
  permission: "session",
  body: {
    schema: ConsoleApiKeyCreateRequest,
    maxBytes: CONSOLE_BODY_MAX_BYTES,
    parse: (json) => parseBody(ConsoleApiKeyCreateRequest, json),
  },
  reply: { schema: ConsoleApiKeyCreated },
  async handle(request, deps) {
    const { session, body, requestId } = request;
    const { tenancy, createApiKey, clock } = deps;
    const { organizationId, actor } = toAdminPrincipal(session);
    const nowMs = clock.nowMs();
    requireRecentAuthentication(session, nowMs);
    const defaultWorkspaceId = await findDefaultWorkspaceId(tenancy.storage, organizationId);
    const workspaceId = body.workspace_id ?? defaultWorkspaceId;
    // Of our own organization: the function below takes any.
    const workspace = workspaceId === null ? null : await findWorkspace(tenancy.storage, organizationId, workspaceId);
    if (!workspace) throw notFound("Workspace", workspaceId ?? "");
    const expiresAtMs = body.expires_at ? Date.parse(body.expires_at) : null;
    if (expiresAtMs !== null && expiresAtMs <= nowMs) {
      throw fail("invalid_request_error", { public: "expires_at: Input should be in the future" });
    }
    const created = await createApiKey({ name: body.name, workspaceId: workspace.id, expiresAtMs }, { actor, requestId });
    return replyWithNewKey(deps, organizationId, created, request);
  },
});
