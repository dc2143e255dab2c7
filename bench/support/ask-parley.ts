import type { Seen } from "./seen.ts";
import { timedPost } from "./timed-post.ts";

export interface ParleyAddress {
  readonly url: string;
  readonly apiKey: string;
}

export interface ParleySeen extends Seen {
  readonly cacheReadTokens: number;
  readonly cacheCreationTokens: number;
  readonly stopReason: string;
}

interface Usage {
  readonly input_tokens?: number;
  readonly output_tokens?: number;
  readonly cache_read_input_tokens?: number | null;
  readonly cache_creation_input_tokens?: number | null;
}

interface MessageEvent {
  readonly type: string;
  readonly message?: { readonly usage: Usage };
  readonly usage?: Usage;
  readonly delta?: { readonly stop_reason?: string | null };
}

/** Streams one message. `body` is what the Messages API takes, without `model` and `stream`. */
export async function askParley(parley: ParleyAddress, body: object): Promise<ParleySeen> {
  const headers = { "anthropic-version": "2023-06-01", "x-api-key": parley.apiKey };
  // Any Claude model will do: a Parley that is started with `--model` answers for all of them with the same weights.
  const request = { model: "claude-haiku-4-5", stream: true, ...body };
  const { events, endMs } = await timedPost({ url: parley.url, headers }, "/v1/messages", request);
  const messages = events.map(({ atMs, data }) => ({ atMs, event: data as MessageEvent }));
  if (messages.at(-1)?.event.type !== "message_stop") {
    throw new Error(`Parley's stream ended with ${JSON.stringify(messages.at(-1)?.event)}`);
  }
  const deltas = messages.filter(({ event }) => event.type === "content_block_delta");
  const usage = messages.reduce<Usage>((sum, { event }) => ({ ...sum, ...event.message?.usage, ...event.usage }), {});
  const cacheReadTokens = usage.cache_read_input_tokens ?? 0;
  const cacheCreationTokens = usage.cache_creation_input_tokens ?? 0;
  return {
    firstEventMs: messages[0]?.atMs ?? endMs,
    firstTokenMs: deltas[0]?.atMs ?? endMs,
    lastTokenMs: deltas.at(-1)?.atMs ?? endMs,
    endMs,
    promptTokens: (usage.input_tokens ?? 0) + cacheReadTokens + cacheCreationTokens,
    outputTokens: usage.output_tokens ?? 0,
    cacheReadTokens,
    cacheCreationTokens,
    stopReason: messages.find(({ event }) => event.type === "message_delta")?.event.delta?.stop_reason ?? "",
  };
}
