import { ConsoleDone, ConsoleReauthenticateRequest } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { CONSOLE_BODY_MAX_BYTES } from "../shared/session-reply.ts";
import { parseBody } from "../shared/to-body.ts";

export const consoleReauthenticate = defineEndpoint({
  name: "console-reauthenticate",
  summary: "Prove again who one is, before something sensitive",
  method: "POST",
  path: "/console/api/reauthenticate",
  permission: "session",
  body: {
    schema: ConsoleReauthenticateRequest,
    maxBytes: CONSOLE_BODY_MAX_BYTES,
    parse: (json) => parseBody(ConsoleReauthenticateRequest, json),
  },
  reply: { schema: ConsoleDone },
  async handle(request, { accounts }) {
    const { password, code } = request.body;
    await accounts.signIn.reauthenticate(request.session, { password, code: code ?? null });
    return { kind: "json", body: { type: "done" } };
  },
});
