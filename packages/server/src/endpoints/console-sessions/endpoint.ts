import { ConsoleSessionList } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";

export const consoleSessions = defineEndpoint({
  name: "console-sessions",
  summary: "Where one is signed in",
  method: "GET",
  path: "/console/api/sessions",
  permission: "session",
  reply: { schema: ConsoleSessionList },
  async handle({ session }, { accounts }) {
    const rows = await accounts.sessions.list(session.userId);
    return {
      kind: "json",
      headers: { "cache-control": "no-store" },
      body: {
        data: rows.map((row) => ({
          type: "console_session_summary",
          id: row.id,
          is_current: row.id === session.sessionId,
          user_agent: row.userAgent,
          created_at: new Date(row.createdAtMs).toISOString(),
          last_seen_at: new Date(row.lastSeenAtMs).toISOString(),
          expires_at: new Date(row.expiresAtMs).toISOString(),
        })),
      },
    };
  },
});
