import { ConsoleDone } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { endedSessionCookie } from "../shared/session-cookie.ts";

export const consoleSignOut = defineEndpoint({
  name: "console-sign-out",
  summary: "Sign out",
  method: "POST",
  path: "/console/api/sign-out",
  permission: "session",
  reply: { schema: ConsoleDone },
  async handle(request, { accounts }) {
    await accounts.sessions.end(request.sessionToken);
    return { kind: "json", headers: { "set-cookie": endedSessionCookie(request.origin) }, body: { type: "done" } };
  },
});
