import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { McpError, ResultSchema } from "@modelcontextprotocol/sdk/types.js";
import type { Egress } from "../../egress/index.ts";
import type { McpServerSpec } from "../../turn/turn.ts";
import { createHttpTransport } from "./http-transport.ts";
import { McpFault } from "./mcp-fault.ts";
import { createMcpHttp } from "./mcp-http.ts";
import { createSseTransport } from "./sse-transport.ts";

export interface Patience {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

export interface McpConnection extends Disposable {
  /** Throws `McpFault`, `McpError` for what the server answered, or the signal's reason. */
  request(
    method: string,
    params: Readonly<Record<string, unknown>>,
    patience: Patience,
  ): Promise<Readonly<Record<string, unknown>>>;
}

/** The longest that a timer takes. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * Connects to an MCP server: over streamable HTTP, and where it refuses that as an old server does, over SSE, as the
 * protocol's chapter on older servers has it.
 */
export async function openConnection(egress: Egress, server: McpServerSpec, patience: Patience): Promise<McpConnection> {
  try {
    return await connect(createHttpTransport, egress, server, patience);
  } catch (error) {
    const isRefused = error instanceof McpFault && error.kind === "connection" && isClientError(error.status);
    if (!isRefused) throw error;
    return connect(createSseTransport, egress, server, patience);
  }
}

function isClientError(status: number | null): boolean {
  return status !== null && status >= 400 && status < 500;
}

async function connect(
  createTransport: typeof createHttpTransport,
  egress: Egress,
  server: McpServerSpec,
  { signal, timeoutMs }: Patience,
): Promise<McpConnection> {
  const ended = new AbortController();
  // Settles when the connection is of no more use, whatever waits for it.
  const faulted = Promise.withResolvers<never>();
  faulted.promise.catch(() => {});
  const http = createMcpHttp({ egress, token: server.authorization(), signal: ended.signal, onFault: faulted.reject });
  const transport = createTransport(new URL(server.url), http);
  // No capabilities: a server's requests for samples, roots or input of the user are refused by the SDK.
  const client = new Client({ name: "parley", version: "1.0.0" });
  const close = (): void => {
    ended.abort();
    client.close().catch(() => {});
  };
  try {
    await Promise.race([client.connect(transport, { signal, timeout: NEVER_MS }), faulted.promise, afterTime(signal, timeoutMs)]);
  } catch (error) {
    close();
    signal.throwIfAborted();
    throw toFault(error);
  }
  return {
    async request(method, params, { signal: given, timeoutMs: ms }) {
      // The SDK's own errors have codes that servers use as well: the time is kept here.
      const late = AbortSignal.timeout(ms);
      try {
        const requested = { signal: AbortSignal.any([given, late]), timeout: NEVER_MS };
        return await Promise.race([client.request({ method, params }, ResultSchema, requested), faulted.promise]);
      } catch (error) {
        given.throwIfAborted();
        if (late.aborted) throw new McpFault("timeout", "did not answer in time", { cause: error });
        throw error instanceof McpError && !ended.signal.aborted ? error : toFault(error);
      }
    },
    [Symbol.dispose]() {
      // Servers keep sessions until they are told; who waits for a reply does not wait for this.
      transport
        .farewell()
        .catch(() => {})
        .finally(close);
    },
  };
}

/** The SDK counts from the first request on, and an old server may let us wait before that. */
async function afterTime(signal: AbortSignal, timeoutMs: number): Promise<never> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const { promise, reject } = Promise.withResolvers<never>();
  AbortSignal.any([signal, timeout]).addEventListener("abort", () => reject(new McpFault("timeout", "did not answer in time")), {
    once: true,
  });
  return promise;
}

function toFault(error: unknown): McpFault {
  if (error instanceof McpFault) return error;
  return new McpFault("connection", "does not answer as an MCP server", { cause: error });
}
