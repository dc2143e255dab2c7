import { ConsoleOwnerRequest, ConsoleSession } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { CONSOLE_BODY_MAX_BYTES, replyWithSession, traceOf } from "../shared/session-reply.ts";
import { parseBody } from "../shared/to-body.ts";

export const consoleOwner = defineEndpoint({
  name: "console-owner",
  summary: "Take ownership of the organization with the link that the first start printed",
  method: "POST",
  path: "/console/api/owner",
  permission: "console",
  body: { schema: ConsoleOwnerRequest, maxBytes: CONSOLE_BODY_MAX_BYTES, parse: (json) => parseBody(ConsoleOwnerRequest, json) },
  reply: { schema: ConsoleSession },
  async handle(request, deps) {
    const { secret, ...who } = request.body;
    const begun = await deps.accounts.signIn.becomeOwner(secret, who, traceOf(request));
    return replyWithSession(begun, deps, request);
  },
});
