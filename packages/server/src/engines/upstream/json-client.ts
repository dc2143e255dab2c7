import type { z } from "zod";
import { readEvents } from "./read-events.ts";
import { parseJsonOr, readWhole } from "./read-whole.ts";
import type { UpstreamClient } from "./upstream-client.ts";

/** A server answered with an error. `message` is its own text: for the log, never for a client. */
export class UpstreamRefused extends Error {
  override readonly name = "UpstreamRefused";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface JsonClient {
  call<T>(path: string, schema: z.ZodType<T>, options?: { readonly body?: unknown; readonly signal?: AbortSignal }): Promise<T>;
  /** The `data:` payloads of a stream, without the last. Leaving it closes the connection, which stops the work. */
  events(
    path: string,
    request: { readonly body: unknown; readonly headers?: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): AsyncGenerator<string, void, void>;
}

export interface JsonClientOptions {
  readonly client: UpstreamClient;
  readonly silenceMs: number;
  /** The text of an error in the server's own form. */
  readonly error: z.ZodType<string>;
}

const REPLY_MAX_BYTES = 64 * 1024 * 1024;
const TOLD_MAX_CHARACTERS = 500;
const NEVER = new AbortController().signal;

/** JSON and streams of it, from a server that tells its errors in a form of its own. */
export function createJsonClient({ client, silenceMs, error }: JsonClientOptions): JsonClient {
  async function send(path: string, body: unknown, signal: AbortSignal, headers: Readonly<Record<string, string>> = {}) {
    const payload = body === undefined ? {} : { body: JSON.stringify(body) };
    const reply = await client.send(path, { ...payload, headers, silenceMs, signal });
    if (reply.status === 200) return reply;
    const text = await readWhole(reply.body, REPLY_MAX_BYTES);
    const told = error.safeParse(parseJsonOr(text));
    throw new UpstreamRefused(reply.status, told.success ? told.data : text.slice(0, TOLD_MAX_CHARACTERS));
  }

  return {
    async call(path, schema, { body, signal = NEVER } = {}) {
      const reply = await send(path, body, signal);
      return schema.parse(parseJsonOr(await readWhole(reply.body, REPLY_MAX_BYTES)));
    },
    async *events(path, { body, headers }, signal) {
      const reply = await send(path, body, signal, headers);
      for await (const { data } of readEvents(reply.body)) {
        if (data === "[DONE]") return reply.finish();
        yield data;
      }
    },
  };
}
