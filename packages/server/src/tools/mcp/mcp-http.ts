import { type Egress, EgressError, type EgressReply } from "../../egress/index.ts";
import { McpFault } from "./mcp-fault.ts";

export interface McpHttpOptions {
  readonly egress: Egress;
  readonly token: string | null;
  /** The connection's end. */
  readonly signal: AbortSignal;
  /** Called when the connection is of no more use. */
  readonly onFault: (fault: McpFault) => void;
}

export interface McpHttpRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The requests of one connection to an MCP server, and all that bounds them. */
export interface McpHttp {
  readonly onFault: (fault: unknown) => void;
  /** Throws `McpFault` for all but success; the body does so as well. */
  request(url: URL, request: McpHttpRequest): Promise<EgressReply>;
}

/** Of one connection: a server that keeps asking is left. */
const REQUESTS_MAX = 200;
const CONNECTION_MAX_BYTES = 32 * 1024 ** 2;
const REPLY_MAX_BYTES = 4 * 1024 ** 2;
const TIMEOUTS_MS = { POST: 65_000, DELETE: 2_000, GET: 3_600_000 };

export function createMcpHttp({ egress, token, signal, onFault }: McpHttpOptions): McpHttp {
  let requests = 0;
  let bytes = 0;

  async function* counted(body: EgressReply["body"]): EgressReply["body"] {
    try {
      for await (const chunk of body) {
        bytes += chunk.byteLength;
        if (bytes > CONNECTION_MAX_BYTES) throw new McpFault("answer", `sent more than ${CONNECTION_MAX_BYTES} bytes`);
        yield chunk;
      }
    } catch (error) {
      throw toFault(error);
    }
  }

  return {
    onFault: (error) => onFault(toFault(error)),
    async request(url, { method, headers, body }) {
      requests += 1;
      if (requests > REQUESTS_MAX) {
        const fault = new McpFault("answer", `made us send more than ${REQUESTS_MAX} requests`);
        // Whoever asked for this one may not listen.
        onFault(fault);
        throw fault;
      }
      const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
      const reply = await egress(url.href, {
        method,
        headers: { ...headers, ...authorization },
        ...(body === undefined ? {} : { body }),
        timeoutMs: TIMEOUTS_MS[method],
        maxBytes: method === "GET" ? CONNECTION_MAX_BYTES : REPLY_MAX_BYTES,
        signal,
      }).catch((error: unknown) => {
        throw toFault(error);
      });
      if (reply.status >= 200 && reply.status < 300) return { ...reply, body: counted(reply.body) };
      await reply.body.return();
      const { status } = reply;
      const isDenied = status === 401 || status === 403;
      throw new McpFault(isDenied ? "authentication" : "connection", `answered ${status}`, { status });
    },
  };
}

function toFault(error: unknown): McpFault {
  if (error instanceof McpFault) return error;
  if (!(error instanceof EgressError)) return new McpFault("connection", "the connection broke", { cause: error });
  if (error.reason === "too-large") return new McpFault("answer", `sent an answer of ${error.message}`, { cause: error });
  return new McpFault(error.reason === "timeout" ? "timeout" : "connection", error.message, { cause: error });
}
