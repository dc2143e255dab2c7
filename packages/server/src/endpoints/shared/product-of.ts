import type { IncomingHttpHeaders } from "node:http";
import type { Product } from "../../ledger/ledger.ts";

/** Claude Code names itself; everything else is the API. */
export function productOf(headers: IncomingHttpHeaders): Product {
  return headers["user-agent"]?.startsWith("claude-cli/") ? "claude_code" : "messages_api";
}
