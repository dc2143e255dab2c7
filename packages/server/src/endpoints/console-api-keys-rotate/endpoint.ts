import { ConsoleApiKeyCreated, ConsoleApiKeyRotateRequest } from "@parley/wire";
import { requireRecentAuthentication } from "../../sign-in/sessions.ts";
import { toAdminPrincipal } from "../../sign-in/to-admin-principal.ts";
import { findApiKey } from "../../storage/api-keys.ts";
import { notFound } from "../../tenancy/not-found.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { replyWithNewKey } from "../shared/new-key-reply.ts";
import { CONSOLE_BODY_MAX_BYTES } from "../shared/session-reply.ts";
import { parseBody } from "../shared/to-body.ts";

const HOUR_MS = 3_600_000;

export const consoleApiKeysRotate = defineEndpoint({
  name: "console-api-keys-rotate",
  summary: "Make a key in the place of another, which goes on working for a while",
  method: "POST",
  path: "/console/api/api-keys/:api_key_id/rotate",
  permission: "session",
  body: {
    schema: ConsoleApiKeyRotateRequest,
    maxBytes: CONSOLE_BODY_MAX_BYTES,
    parse: (json) => parseBody(ConsoleApiKeyRotateRequest, json),
  },
  reply: { schema: ConsoleApiKeyCreated },
  async handle(request, deps) {
    const { session, params, body, requestId } = request;
    const { organizationId, actor } = toAdminPrincipal(session);
    requireRecentAuthentication(session, deps.clock.nowMs());
    const id = params["api_key_id"] ?? "";
    // Of our own organization: the function below takes any.
    if (!(await findApiKey(deps.tenancy.storage, organizationId, id))) throw notFound("API key", id);
    const created = await deps.rotateApiKey(id, body.overlap_hours * HOUR_MS, { actor, requestId });
    return replyWithNewKey(deps, organizationId, created, request);
  },
});
