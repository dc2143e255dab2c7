import { ConsoleCodeRequest, ConsoleDone } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { CONSOLE_BODY_MAX_BYTES } from "../shared/session-reply.ts";
import { parseBody } from "../shared/to-body.ts";

export const consoleSecondFactorDisable = defineEndpoint({
  name: "console-second-factor-disable",
  summary: "Turn the second factor off with a code",
  method: "POST",
  path: "/console/api/second-factor/disable",
  permission: "session",
  body: { schema: ConsoleCodeRequest, maxBytes: CONSOLE_BODY_MAX_BYTES, parse: (json) => parseBody(ConsoleCodeRequest, json) },
  reply: { schema: ConsoleDone },
  async handle({ session, body, requestId }, { accounts }) {
    await accounts.secondFactor.disable(session.userId, body.code, requestId);
    return { kind: "json", body: { type: "done" } };
  },
});
