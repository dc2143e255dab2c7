import { ConsoleSession, ConsoleSignInRequest } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { CONSOLE_BODY_MAX_BYTES, replyWithSession, traceOf } from "../shared/session-reply.ts";
import { parseBody } from "../shared/to-body.ts";

export const consoleSignIn = defineEndpoint({
  name: "console-sign-in",
  summary: "Sign in with a password, and the second factor where there is one",
  method: "POST",
  path: "/console/api/sign-in",
  permission: "console",
  body: {
    schema: ConsoleSignInRequest,
    maxBytes: CONSOLE_BODY_MAX_BYTES,
    parse: (json) => parseBody(ConsoleSignInRequest, json),
  },
  reply: { schema: ConsoleSession },
  async handle(request, deps) {
    const { email, password, code } = request.body;
    const begun = await deps.accounts.signIn.withPassword({ email, password, code: code ?? null }, traceOf(request));
    return replyWithSession(begun, deps, request);
  },
});
