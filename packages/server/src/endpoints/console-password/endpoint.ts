import { ConsoleDone, ConsolePasswordRequest } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { CONSOLE_BODY_MAX_BYTES, traceOf } from "../shared/session-reply.ts";
import { parseBody } from "../shared/to-body.ts";

export const consolePassword = defineEndpoint({
  name: "console-password",
  summary: "Change one's password; all other sessions end",
  method: "POST",
  path: "/console/api/password",
  permission: "session",
  body: {
    schema: ConsolePasswordRequest,
    maxBytes: CONSOLE_BODY_MAX_BYTES,
    parse: (json) => parseBody(ConsolePasswordRequest, json),
  },
  reply: { schema: ConsoleDone },
  async handle(request, { accounts }) {
    const { current_password: current, password } = request.body;
    await accounts.signIn.changePassword(request.session, { current: current ?? null, next: password }, traceOf(request));
    return { kind: "json", body: { type: "done" } };
  },
});
