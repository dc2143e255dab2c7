import { ConsoleCodeRequest, ConsoleRecoveryCodes } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { CONSOLE_BODY_MAX_BYTES } from "../shared/session-reply.ts";
import { parseBody } from "../shared/to-body.ts";

export const consoleSecondFactorConfirm = defineEndpoint({
  name: "console-second-factor-confirm",
  summary: "Turn the second factor on with a first code",
  method: "POST",
  path: "/console/api/second-factor/confirm",
  permission: "session",
  body: { schema: ConsoleCodeRequest, maxBytes: CONSOLE_BODY_MAX_BYTES, parse: (json) => parseBody(ConsoleCodeRequest, json) },
  reply: { schema: ConsoleRecoveryCodes },
  async handle({ session, body, requestId }, { accounts }) {
    const codes = await accounts.secondFactor.confirm(session.userId, body.code, requestId);
    return { kind: "json", headers: { "cache-control": "no-store" }, body: { type: "recovery_codes", codes } };
  },
});
