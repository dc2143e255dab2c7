import { request } from "node:http";

/** What one client got. */
export interface Outcome {
  /**
   * `finished`: a whole reply. `error-event`: a stream that ends with the platform's `error` event. `refused`: the platform's JSON error.
   * `cut`: the connection ended within a reply. `none`: it ended before any. `foreign`: something that is not the platform's.
   */
  readonly kind: "finished" | "error-event" | "refused" | "cut" | "none" | "foreign";
  readonly status: number | null;
  /** Of an error. */
  readonly errorType: string | null;
  readonly retryAfter: string | null;
  readonly requestId: string | null;
  readonly outputTokens: number | null;
  readonly ms: number;
}

export interface Call {
  readonly url: string;
  readonly apiKey: string;
  readonly maxTokens: number;
  readonly stream: boolean;
  readonly prompt: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request on a connection of its own, without an SDK, which would hide how it ended. */
export function call({ url, apiKey, maxTokens, stream, prompt, headers = {} }: Call): Promise<Outcome> {
  const body = JSON.stringify({
    model: "claude-haiku-4-5",
    max_tokens: maxTokens,
    stream,
    messages: [{ role: "user", content: prompt }],
  });
  const begunMs = performance.now();
  return new Promise((resolve) => {
    let status: number | null = null;
    let requestId: string | null = null;
    let retryAfter: string | null = null;
    let text = "";
    let isOver = false;
    const end = (isWhole: boolean): void => {
      if (isOver) return;
      isOver = true;
      const ms = performance.now() - begunMs;
      resolve({ ...classify(status, text, isWhole, stream), status, requestId, retryAfter, ms });
    };
    const outgoing = request(new URL("/v1/messages", url), {
      method: "POST",
      agent: false,
      headers: {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        "anthropic-version": "2023-06-01",
        "x-api-key": apiKey,
        ...headers,
      },
    });
    outgoing.on("error", () => end(false));
    outgoing.on("response", (reply) => {
      status = reply.statusCode ?? null;
      requestId = String(reply.headers["request-id"] ?? "") || null;
      retryAfter = reply.headers["retry-after"] ?? null;
      reply.setEncoding("utf8");
      reply.on("data", (part: string) => (text += part));
      reply.on("error", () => end(false));
      reply.on("close", () => end(reply.complete));
    });
    outgoing.end(body);
  });
}

function classify(
  status: number | null,
  text: string,
  isWhole: boolean,
  stream: boolean,
): Pick<Outcome, "kind" | "errorType" | "outputTokens"> {
  if (status === null) return { kind: "none", errorType: null, outputTokens: null };
  if (status !== 200) {
    const errorType = /^\s*\{"type":\s*"error",\s*"error":\s*\{"type":\s*"(\w+)"/.exec(text)?.[1] ?? null;
    return { kind: errorType === null ? "foreign" : "refused", errorType, outputTokens: null };
  }
  const outputTokens = Number([...text.matchAll(/"output_tokens":(\d+)/g)].at(-1)?.[1] ?? 0);
  const failed = /event: error\ndata: .*?"error":\{"type":"(\w+)"/s.exec(text)?.[1];
  if (failed !== undefined) return { kind: "error-event", errorType: failed, outputTokens: null };
  const isEnded = stream ? text.includes("event: message_stop") : isWhole && text.endsWith("}");
  return { kind: isEnded ? "finished" : "cut", errorType: null, outputTokens };
}

/** `12 finished, 3 error-event overloaded_error`. */
export function tally(outcomes: readonly Outcome[]): string {
  const counts = Map.groupBy(outcomes, ({ kind, errorType }) => (errorType === null ? kind : `${kind} ${errorType}`));
  return [...counts]
    .toSorted(([left], [right]) => Number(right === "finished") - Number(left === "finished") || left.localeCompare(right))
    .map(([name, list]) => `${list.length} ${name}`)
    .join(", ");
}
