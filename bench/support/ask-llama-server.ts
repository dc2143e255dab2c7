import type { Seen } from "./seen.ts";
import { timedPost, type Destination } from "./timed-post.ts";

export interface RawRequest {
  readonly prompt: string;
  readonly maxTokens: number;
  readonly sampling: "greedy" | "default";
  readonly slot?: number;
}

interface Chunk {
  readonly content?: string;
  readonly stop?: boolean;
  readonly tokens_predicted?: number;
  readonly tokens_evaluated?: number;
  readonly error?: unknown;
}

/** Parley's own default sampling (docs/configuration.md), without the server's further samplers. */
const DEFAULT_SAMPLING = { samplers: ["top_k", "top_p", "temperature"], top_k: 20, top_p: 0.8, temperature: 0.7 };
const GREEDY = { samplers: ["top_k"], top_k: 1 };

/** Streams one completion from llama-server itself: nothing reused, and exactly `maxTokens` decoded. */
export async function askLlamaServer(server: Destination, request: RawRequest): Promise<Seen> {
  const { events, endMs } = await timedPost(server, "/completion", {
    prompt: request.prompt,
    n_predict: request.maxTokens,
    ignore_eos: true,
    cache_prompt: false,
    stream: true,
    ...(request.slot === undefined ? {} : { id_slot: request.slot }),
    ...(request.sampling === "greedy" ? GREEDY : DEFAULT_SAMPLING),
  });
  const chunks = events.map(({ atMs, data }) => ({ atMs, chunk: data as Chunk }));
  const last = chunks.at(-1)?.chunk;
  if (last?.stop !== true) throw new Error(`llama-server's stream ended with ${JSON.stringify(last)}`);
  const texts = chunks.filter(({ chunk }) => chunk.content !== undefined && chunk.content !== "");
  return {
    firstEventMs: chunks[0]?.atMs ?? endMs,
    firstTokenMs: texts[0]?.atMs ?? endMs,
    lastTokenMs: texts.at(-1)?.atMs ?? endMs,
    endMs,
    promptTokens: last.tokens_evaluated ?? 0,
    outputTokens: last.tokens_predicted ?? 0,
  };
}
