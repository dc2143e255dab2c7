import { ConsoleSession } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { toConsoleSession } from "../shared/session-reply.ts";

export const consoleSession = defineEndpoint({
  name: "console-session",
  summary: "Who is signed in",
  method: "GET",
  path: "/console/api/session",
  permission: "session",
  reply: { schema: ConsoleSession },
  async handle({ session }, { accounts }) {
    return {
      kind: "json",
      headers: { "cache-control": "no-store" },
      body: toConsoleSession(session, await accounts.proofsOf(session.userId)),
    };
  },
});
