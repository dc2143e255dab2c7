import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { type EgressReply, readAll } from "../../egress/index.ts";
import { deliver } from "./deliver.ts";
import { readEvents } from "./event-stream.ts";
import { McpFault } from "./mcp-fault.ts";
import type { McpHttp } from "./mcp-http.ts";

export interface McpTransport extends Transport {
  /** Tells the server that its session is over; the connection is still to be closed. */
  farewell(): Promise<void>;
}

/**
 * Streamable HTTP for the SDK's client. In place of the SDK's own transport, whose requests to a stream that no request of
 * ours asked for, and whose ways to resume one, a turn has no use for and a hostile server would.
 */
export function createHttpTransport(url: URL, http: McpHttp): McpTransport {
  let session: string | null = null;
  let version: string | null = null;

  const headers = (): Record<string, string> => ({
    ...(session === null ? {} : { "mcp-session-id": session }),
    ...(version === null ? {} : { "mcp-protocol-version": version }),
  });

  /** Each message as it comes; the answer to our request must be among them. */
  async function follow(body: EgressReply["body"], asked: JSONRPCMessage): Promise<void> {
    for await (const { event, data } of readEvents(body)) {
      if (event !== "message" || data === "") continue;
      if (deliver(data, transport).some((message) => isAnswer(message, asked))) return;
    }
    throw new McpFault("connection", "ended its stream before it had answered");
  }

  const transport: McpTransport = {
    async start() {},
    async send(message) {
      const {
        body,
        mediaType,
        headers: answered,
      } = await http.request(url, {
        method: "POST",
        headers: { ...headers(), accept: "application/json, text/event-stream", "content-type": "application/json" },
        body: JSON.stringify(message),
      });
      const given = answered["mcp-session-id"];
      if (typeof given === "string") session = given;
      if (!("method" in message) || !("id" in message)) {
        await body.return();
        return;
      }
      switch (mediaType) {
        case "application/json":
          deliver((await readAll(body)).toString("utf8"), transport);
          return;
        case "text/event-stream":
          follow(body, message).catch(http.onFault);
          return;
        default:
          await body.return();
          throw new McpFault("connection", "does not answer as an MCP server");
      }
    },
    async close() {
      transport.onclose?.();
    },
    async farewell() {
      if (session === null) return;
      const { body } = await http.request(url, { method: "DELETE", headers: headers() });
      await body.return();
    },
    setProtocolVersion(next) {
      version = next;
    },
  };
  return transport;
}

function isAnswer(message: JSONRPCMessage, asked: JSONRPCMessage): boolean {
  return !("method" in message) && "id" in message && "id" in asked && message.id === asked.id;
}
