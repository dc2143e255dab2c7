import { ConsolePasswordLinkRequest, ConsoleSession } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { CONSOLE_BODY_MAX_BYTES, replyWithSession, traceOf } from "../shared/session-reply.ts";
import { parseBody } from "../shared/to-body.ts";

export const consolePasswordLink = defineEndpoint({
  name: "console-password-link",
  summary: "Set a password with a link, and sign in",
  method: "POST",
  path: "/console/api/password-link",
  permission: "console",
  body: {
    schema: ConsolePasswordLinkRequest,
    maxBytes: CONSOLE_BODY_MAX_BYTES,
    parse: (json) => parseBody(ConsolePasswordLinkRequest, json),
  },
  reply: { schema: ConsoleSession },
  async handle(request, deps) {
    const { secret, password, code } = request.body;
    const begun = await deps.accounts.signIn.setPassword(secret, { password, code: code ?? null }, traceOf(request));
    return replyWithSession(begun, deps, request);
  },
});
