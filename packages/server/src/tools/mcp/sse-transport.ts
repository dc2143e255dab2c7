import { deliver } from "./deliver.ts";
import { readEvents } from "./event-stream.ts";
import type { McpTransport } from "./http-transport.ts";
import { McpFault } from "./mcp-fault.ts";
import type { McpHttp } from "./mcp-http.ts";

/** HTTP with SSE, as servers of before March 2025 speak it: one standing stream, which names where to post. */
export function createSseTransport(url: URL, http: McpHttp): McpTransport {
  let version: string | null = null;
  const endpoint = Promise.withResolvers<URL>();
  endpoint.promise.catch(() => {});

  async function follow(body: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const { event, data } of readEvents(body)) {
      if (event === "endpoint") endpoint.resolve(toEndpoint(data, url));
      else if (event === "message") deliver(data, transport);
    }
    throw new McpFault("connection", "ended its stream");
  }

  const transport: McpTransport = {
    async start() {
      const { body, mediaType } = await http.request(url, { method: "GET", headers: { accept: "text/event-stream" } });
      if (mediaType !== "text/event-stream") {
        await body.return();
        throw new McpFault("connection", "does not answer as an MCP server");
      }
      follow(body).catch((error: unknown) => {
        endpoint.reject(error);
        http.onFault(error);
      });
      await endpoint.promise;
    },
    async send(message) {
      const { body } = await http.request(await endpoint.promise, {
        method: "POST",
        headers: { "content-type": "application/json", ...(version === null ? {} : { "mcp-protocol-version": version }) },
        body: JSON.stringify(message),
      });
      await body.return();
    },
    async close() {
      transport.onclose?.();
    },
    // Its session is its stream.
    async farewell() {},
    setProtocolVersion(next) {
      version = next;
    },
  };
  return transport;
}

/** Nowhere else: what we post there holds the token. */
function toEndpoint(data: string, url: URL): URL {
  const endpoint = URL.canParse(data, url.href) ? new URL(data, url) : null;
  if (endpoint?.origin !== url.origin) throw new McpFault("answer", "has its messages posted elsewhere");
  return endpoint;
}
