import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Rpc = { readonly id?: number; readonly method: string; readonly params?: Record<string, unknown> };
/** What the server answers to a method: a result, an error, or what it does with the connection itself. */
export type McpAnswer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string } }
  | { readonly write: (response: ServerResponse, id: number) => void };

export interface McpBehaviour {
  readonly list?: (cursor: string | undefined) => McpAnswer;
  readonly call?: (name: string, input: unknown) => McpAnswer;
  /** What the client answers to what the server asks. */
  readonly answered?: (message: unknown) => void;
  /** Before anything else; true: answered. */
  readonly meet?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export const tool = (name: string, more: object = {}) => ({
  name,
  description: `Does ${name}`,
  inputSchema: { type: "object", properties: { text: { type: "string" } } },
  ...more,
});

export const says = (text: string): McpAnswer => ({ result: { content: [{ type: "text", text }] } });

/** An MCP server of a few lines, over streamable HTTP with plain JSON, that does whatever a test wants of a bad one. */
export async function startMcpServer(behaviour: McpBehaviour) {
  const seen: { method: string; authorization: string | undefined }[] = [];
  let now = behaviour;

  function answer({ method, params = {} }: Rpc): McpAnswer {
    switch (method) {
      case "initialize":
        return {
          result: {
            protocolVersion: params["protocolVersion"],
            capabilities: { tools: {} },
            serverInfo: { name: "small", version: "1" },
          },
        };
      case "tools/list":
        return now.list?.(params["cursor"] as string | undefined) ?? { result: { tools: [tool("echo")] } };
      case "tools/call":
        return now.call?.(String(params["name"]), params["arguments"]) ?? says(JSON.stringify(params["arguments"]));
      default:
        return { error: { code: -32_601, message: "no such method" } };
    }
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => {
      const { authorization } = request.headers;
      if (now.meet?.(request, response)) return void seen.push({ method: request.method ?? "", authorization });
      if (request.method !== "POST") return void response.writeHead(405).end();
      const rpc = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Rpc;
      if (!("method" in rpc)) {
        now.answered?.(rpc);
        return void response.writeHead(202).end();
      }
      seen.push({ method: rpc.method, authorization });
      if (rpc.id === undefined) return void response.writeHead(202).end();
      const reply = answer(rpc);
      if ("write" in reply) return reply.write(response, rpc.id);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ jsonrpc: "2.0", id: rpc.id, ...reply }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    seen,
    behave(next: McpBehaviour) {
      now = next;
      seen.length = 0;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
