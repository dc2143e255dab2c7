import type { CountTokensRequest, McpToolResultBlock } from "@parley/wire";
import type { McpListings } from "../../prompt/index.ts";
import type { McpCall } from "../follow-step.ts";

/** Lists and calls the tools of MCP servers that requests bring. */
export interface McpConnector {
  /** What the servers list of what the request wants. Throws `invalid_request_error` naming the server that does not. */
  list(request: CountTokensRequest, signal: AbortSignal): Promise<McpListings>;
  /** For the calls of one turn, which share a connection to each server. */
  open(signal: AbortSignal): McpCalls;
}

export interface McpCalls extends Disposable {
  /** Throws nothing but the turn's own end: what goes wrong is a result. */
  call(call: McpCall, timeoutMs: number): Promise<McpToolResultBlock>;
}
