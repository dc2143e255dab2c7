import { ConsoleDone } from "@parley/wire";
import { notFound } from "../../tenancy/not-found.ts";
import { defineEndpoint } from "../define-endpoint.ts";

export const consoleSessionsEnd = defineEndpoint({
  name: "console-sessions-end",
  summary: "End one of one's own sessions",
  method: "DELETE",
  path: "/console/api/sessions/:session_id",
  permission: "session",
  reply: { schema: ConsoleDone },
  async handle({ session, params }, { accounts }) {
    const id = params["session_id"] ?? "";
    if (!(await accounts.sessions.endOne(session.userId, id))) throw notFound("Session", id);
    return { kind: "json", body: { type: "done" } };
  },
});
