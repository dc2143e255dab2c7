import type { McpToolResultBlock } from "@parley/wire";
import { McpError } from "@modelcontextprotocol/sdk/types.js";
import type { Egress } from "../../egress/index.ts";
import { fail } from "../../platform/fail.ts";
import type { Log } from "../../platform/log.ts";
import { type McpTool, type McpToolset, toMcpToolsets } from "../../prompt/index.ts";
import type { McpServerSpec } from "../../turn/turn.ts";
import type { McpCall } from "../follow-step.ts";
import { checkPinned, listTools } from "./list-tools.ts";
import type { McpCalls, McpConnector } from "./mcp-connector.ts";
import { McpFault } from "./mcp-fault.ts";
import { type McpConnection, openConnection } from "./open-connection.ts";
import { toResultTexts } from "./to-result-texts.ts";

export interface McpConnectorOptions {
  /** The only way to a server: what may be reached is decided there. */
  readonly egress: Egress;
  /** Off: a request that brings servers is refused. */
  readonly isEnabled: boolean;
  /** Of one result, as far as the model and the client get it. */
  readonly resultMaxCharacters: number;
  readonly log: Log;
  /** For a server's connection and its whole list. */
  readonly listingTimeoutMs?: number;
}

const LISTING_TIMEOUT_MS = 15_000;
/** Of all servers of a request together. */
const TOOLS_MAX = 500;

export function createMcpConnector(options: McpConnectorOptions): McpConnector {
  const { isEnabled } = options;
  return {
    async list(request, signal) {
      const toolsets = toMcpToolsets(request);
      if (!isEnabled && (request.mcp_servers ?? []).length > 0) {
        throw fail("invalid_request_error", { public: "mcp_servers: MCP servers are turned off on this server" });
      }
      const listings = new Map(
        await Promise.all(
          toolsets.map(async (toolset) => [toolset.server.name, await listServer(options, toolset, signal)] as const),
        ),
      );
      const count = [...listings.values()].reduce((sum, tools) => sum + tools.length, 0);
      if (count > TOOLS_MAX) {
        throw fail("invalid_request_error", {
          public: `mcp_servers: the servers have ${count} tools that this request wants, more than ${TOOLS_MAX}`,
        });
      }
      return listings;
    },
    open: (signal) => openCalls(options, signal),
  };
}

async function listServer(options: McpConnectorOptions, toolset: McpToolset, signal: AbortSignal): Promise<McpTool[]> {
  const { egress, listingTimeoutMs: timeoutMs = LISTING_TIMEOUT_MS } = options;
  const { name, url, authorization_token: token } = toolset.server;
  const timeout = AbortSignal.timeout(timeoutMs);
  const patience = { signal: AbortSignal.any([signal, timeout]), timeoutMs };
  try {
    if (toolset.pinned !== null) return checkPinned(toolset.pinned, toolset);
    using connection = await openConnection(egress, { name, url, authorization: () => token ?? null }, patience);
    return await listTools(connection, toolset, patience);
  } catch (error) {
    signal.throwIfAborted();
    const fault = timeout.aborted ? new McpFault("timeout", `no list of tools within ${timeoutMs} ms`, { cause: error }) : error;
    options.log.info({ mcpServer: name, reason: reasonOf(fault) }, "an MCP server's tools could not be listed");
    throw fail("invalid_request_error", { public: toPublic(name, fault), internal: reasonOf(fault) });
  }
}

/** Each begins with the platform's words, which clients look for. */
function toPublic(name: string, error: unknown): string {
  if (error instanceof McpFault) {
    switch (error.kind) {
      case "connection":
        return `Connection error while communicating with MCP server '${name}'. Please check its address, and that it may be reached from here.`;
      case "timeout":
        return `Connection error while communicating with MCP server '${name}': it did not answer in time.`;
      case "authentication":
        return `Authentication error while communicating with MCP server '${name}'. Please check your authorization token.`;
      case "answer":
        return `Error while communicating with MCP server '${name}': ${error.message}.`;
      default:
        error.kind satisfies never;
    }
  }
  return `MCP server returned an error while listing tools: '${name}'.`;
}

/** For the log: ours, never the server's words. */
function reasonOf(error: unknown): string {
  if (error instanceof McpFault) return `${error.kind}: ${error.message}`;
  return error instanceof McpError ? `it answered with error ${error.code}` : error instanceof Error ? error.name : "unknown";
}

function openCalls(options: McpConnectorOptions, signal: AbortSignal): McpCalls {
  const { egress, log, resultMaxCharacters } = options;
  const connections = new Map<string, Promise<McpConnection>>();

  function connectionTo(server: McpServerSpec, timeoutMs: number): Promise<McpConnection> {
    const known = connections.get(server.name);
    if (known) return known;
    const opening = openConnection(egress, server, { signal, timeoutMs: Math.min(timeoutMs, LISTING_TIMEOUT_MS) });
    connections.set(server.name, opening);
    return opening;
  }

  function drop(server: McpServerSpec, connection: Promise<McpConnection>): void {
    if (connections.get(server.name) === connection) connections.delete(server.name);
    connection.then(
      (open) => open[Symbol.dispose](),
      () => {},
    );
  }

  return {
    async call({ id, input, tool: { tool, server } }: McpCall, timeoutMs) {
      const connection = connectionTo(server, timeoutMs);
      try {
        const open = await connection;
        const reply = await open.request("tools/call", { name: tool, arguments: input }, { signal, timeoutMs });
        const result = toResultTexts(reply, resultMaxCharacters);
        if (result === null) throw new McpFault("answer", "its result is not one");
        return toBlock(id, result.texts, result.isError);
      } catch (error) {
        signal.throwIfAborted();
        log.info({ mcpServer: server.name, tool, reason: reasonOf(error) }, "an MCP server's tool failed");
        if (error instanceof McpError) return toBlock(id, [error.message.slice(0, resultMaxCharacters)], true);
        // The next call tries anew.
        drop(server, connection);
        return toBlock(id, [toFailureText(server.name, error)], true);
      }
    },
    [Symbol.dispose]() {
      for (const connection of connections.values()) {
        connection.then(
          (open) => open[Symbol.dispose](),
          () => {},
        );
      }
    },
  };
}

function toFailureText(name: string, error: unknown): string {
  const kind = error instanceof McpFault ? error.kind : "connection";
  switch (kind) {
    case "connection":
      return `The call failed: MCP server '${name}' cannot be reached.`;
    case "authentication":
      return `The call failed: MCP server '${name}' does not accept the authorization token.`;
    case "timeout":
      return `The call failed: MCP server '${name}' did not answer in time.`;
    case "answer":
      return `The call failed: MCP server '${name}' sent what cannot be read, or more than is read.`;
    default:
      return kind satisfies never;
  }
}

function toBlock(id: string, texts: readonly string[], isError: boolean): McpToolResultBlock {
  return {
    type: "mcp_tool_result",
    tool_use_id: id,
    is_error: isError,
    content: texts.map((text) => ({ type: "text", text, citations: null })),
  };
}
