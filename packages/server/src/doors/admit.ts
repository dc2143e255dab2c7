import type { IncomingMessage } from "node:http";
import type { Principal } from "../auth/principal.ts";
import type { Endpoint } from "../endpoints/define-endpoint.ts";
import { firstOf } from "../endpoints/shared/first-of.ts";
import { fail } from "../platform/fail.ts";
import type { Exchange } from "./exchange.ts";

/**
 * Notes whose request it is, for the reply's headers and the logs. Every door lets its callers in here: it refuses a key of another
 * workspace than the named one, and what lies beyond a caller's reach.
 */
export function admit(exchange: Exchange, principal: Principal, endpoint: Pick<Endpoint, "forClaudeCode">): void {
  const { headers, incoming } = exchange;
  headers["anthropic-organization-id"] = principal.organizationId;
  exchange.principal = principal;
  if (principal.reach === "claude-code" && endpoint.forClaudeCode !== true) {
    throw fail("permission_error", { public: "This sign-in is for Claude Code: it may use models, and nothing else." });
  }
  const workspace = namedWorkspace(incoming);
  if (workspace !== null && workspace !== principal.workspaceId) {
    throw fail("permission_error", { public: "anthropic-workspace-id: this API key belongs to another workspace." });
  }
  headers["anthropic-workspace-id"] = principal.workspaceId;
}

/** The workspace that a request names; null: none. */
export function namedWorkspace({ headers }: IncomingMessage): string | null {
  return firstOf(headers["anthropic-workspace-id"]);
}
