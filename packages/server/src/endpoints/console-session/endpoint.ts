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
    const [proofs, may] = await Promise.all([accounts.proofsOf(session.userId), accounts.abilitiesOf(session.person)]);
    return {
      kind: "json",
      headers: { "cache-control": "no-store" },
      body: toConsoleSession(session, { ...proofs, may }),
    };
  },
});
