import { ConsoleInviteRequest, ConsoleSession } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { CONSOLE_BODY_MAX_BYTES, replyWithSession, traceOf } from "../shared/session-reply.ts";
import { parseBody } from "../shared/to-body.ts";

export const consoleInvite = defineEndpoint({
  name: "console-invite",
  summary: "Accept an invite with its link",
  method: "POST",
  path: "/console/api/invite",
  permission: "console",
  body: {
    schema: ConsoleInviteRequest,
    maxBytes: CONSOLE_BODY_MAX_BYTES,
    parse: (json) => parseBody(ConsoleInviteRequest, json),
  },
  reply: { schema: ConsoleSession },
  async handle(request, deps) {
    const { secret, ...who } = request.body;
    const begun = await deps.accounts.signIn.acceptInvite(secret, who, traceOf(request));
    return replyWithSession(begun, deps, request);
  },
});
