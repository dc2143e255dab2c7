import type { z } from "zod";
import { readEvents } from "../upstream/read-events.ts";
import { parseJsonOr, readWhole } from "../upstream/read-whole.ts";
import type { UpstreamClient } from "../upstream/upstream-client.ts";
import { ErrorReply } from "./api.ts";

/** vLLM answered with an error. `message` is its own text: for the log, never for a client. */
export class VllmRefused extends Error {
  override readonly name = "VllmRefused";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface VllmClient {
  call<T>(path: string, schema: z.ZodType<T>, options?: { readonly body?: unknown; readonly signal?: AbortSignal }): Promise<T>;
  /** The `data:` payloads of a stream, without the last. Leaving it closes the connection, which stops the work. */
  events(path: string, body: unknown, signal: AbortSignal): AsyncGenerator<string, void, void>;
}

const REPLY_MAX_BYTES = 64 * 1024 * 1024;
const NEVER = new AbortController().signal;

export function createVllmClient(client: UpstreamClient, silenceMs: number): VllmClient {
  async function send(path: string, body: unknown, signal: AbortSignal) {
    const payload = body === undefined ? {} : { body: JSON.stringify(body) };
    const reply = await client.send(path, { ...payload, silenceMs, signal });
    if (reply.status === 200) return reply;
    const text = await readWhole(reply.body, REPLY_MAX_BYTES);
    const told = ErrorReply.safeParse(parseJsonOr(text));
    throw new VllmRefused(reply.status, told.success ? told.data.error.message : text.slice(0, 500));
  }

  return {
    async call(path, schema, { body, signal = NEVER } = {}) {
      const reply = await send(path, body, signal);
      return schema.parse(parseJsonOr(await readWhole(reply.body, REPLY_MAX_BYTES)));
    },
    async *events(path, body, signal) {
      const reply = await send(path, body, signal);
      for await (const { data } of readEvents(reply.body)) {
        if (data === "[DONE]") return reply.finish();
        yield data;
      }
    },
  };
}
