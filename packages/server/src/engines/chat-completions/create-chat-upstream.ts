import type { Clock } from "../../platform/clock.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";
import type { Turn } from "../../turn/turn.ts";
import { createValidator } from "../turn-engine/grammar/validator.ts";
import { readEvents } from "../upstream/read-events.ts";
import { parseJsonOr, readWhole } from "../upstream/read-whole.ts";
import { traceHeader } from "../upstream/trace-header.ts";
import type { UpstreamClient, UpstreamReply } from "../upstream/upstream-client.ts";
import type { UpstreamDriver } from "../upstream/upstream-driver.ts";
import { upstreamFailure } from "../upstream/upstream-failure.ts";
import { ChatChunk, ChatUsage } from "./api.ts";
import { createReplyReader } from "./reply-reader.ts";
import { toChatBody, type ThinkingSwitch } from "./to-chat-body.ts";
import { toChatFailure } from "./to-chat-failure.ts";

export interface ChatUpstreamOptions {
  readonly client: UpstreamClient;
  /** How long it may say nothing, a long prompt's computing included. */
  readonly silenceMs: number;
  readonly thinking: ThinkingSwitch;
  readonly signThinking: (workspaceId: string, thinking: string) => string;
  readonly newToolUseId: () => string;
  readonly clock: Clock;
}

const PATH = "/v1/chat/completions";
const REPLY_MAX_BYTES = 4 * 1024 * 1024;
const PROBE_MS = 10_000;
const CHARACTERS_PER_TOKEN = 4;

/** A server of chat completions: Ollama, LM Studio, vLLM, SGLang, llama-server or a cloud. It renders and parses itself. */
export function createChatUpstream(options: ChatUpstreamOptions): UpstreamDriver {
  const { client, silenceMs, clock } = options;

  async function refuse({ status, headers, body }: UpstreamReply): Promise<never> {
    throw toChatFailure({ status, headers, text: await readWhole(body, REPLY_MAX_BYTES), nowMs: clock.nowMs() });
  }

  async function* chunks(reply: UpstreamReply): AsyncGenerator<ChatChunk, void, void> {
    for await (const { data } of readEvents(reply.body)) {
      if (data === "[DONE]") {
        reply.finish();
        return;
      }
      const parsed = ChatChunk.safeParse(parseJsonOr(data));
      if (!parsed.success) throw upstreamFailure("broken", `no chunk: ${data.slice(0, 500)}`);
      if (parsed.data.error !== undefined && parsed.data.error !== null) {
        throw toChatFailure({ status: null, headers: reply.headers, text: data, nowMs: clock.nowMs() });
      }
      yield parsed.data;
    }
  }

  return {
    async *run(turn, { model }, signal) {
      const body = JSON.stringify(toChatBody(turn, { model: model ?? turn.weights, thinking: options.thinking }));
      const begunMs = clock.monotonicMs();
      const reply = await client.send(PATH, {
        body,
        headers: { accept: "text/event-stream", ...traceHeader(turn) },
        silenceMs,
        signal,
      });
      if (reply.status !== 200) await refuse(reply);
      const type = reply.headers["content-type"] ?? "";
      if (!type.includes("event-stream")) {
        const text = await readWhole(reply.body, REPLY_MAX_BYTES);
        throw toChatFailure({ status: null, headers: reply.headers, text, nowMs: clock.nowMs() });
      }
      const promptTokens = Math.ceil(body.length / CHARACTERS_PER_TOKEN);
      const reader = createReplyReader({ ...options, turn, promptTokens, checkOutput: outputCheck(turn) });
      let firstMs: number | null = null;
      for await (const chunk of chunks(reply)) {
        const events = reader.read(chunk);
        if (firstMs === null) {
          firstMs = clock.monotonicMs();
          yield startOf(promptTokens);
        }
        yield* events;
      }
      const { events, end } = reader.end();
      yield* events;
      const prefillMs = (firstMs ?? clock.monotonicMs()) - begunMs;
      const decodeMs = clock.monotonicMs() - begunMs - prefillMs;
      yield {
        type: "end",
        ...end,
        timings: { renderMs: 0, queueMs: 0, restoreMs: 0, prefillMs, decodeMs },
        cacheMissReason: null,
      };
    },

    /** These servers count only what they compute: so the prompt is computed, for one token of reply. */
    async countTokens(turn, model, signal) {
      const {
        stream: _stream,
        stream_options: _options,
        ...body
      } = toChatBody({ ...turn, maxTokens: 1 }, { model: model ?? turn.weights, thinking: options.thinking });
      const reply = await client.send(PATH, { body: JSON.stringify(body), silenceMs, signal });
      if (reply.status !== 200) await refuse(reply);
      const value = parseJsonOr(await readWhole(reply.body, REPLY_MAX_BYTES));
      const usage = ChatUsage.safeParse(typeof value === "object" && value !== null && "usage" in value ? value.usage : null);
      if (!usage.success || typeof usage.data.prompt_tokens !== "number")
        throw upstreamFailure("broken", "a reply without usage");
      return usage.data.prompt_tokens;
    },

    async probe(signal) {
      const reply = await client.send("/v1/models", { silenceMs: PROBE_MS, signal });
      if (reply.status === 200 || reply.status === 404) await readWhole(reply.body, REPLY_MAX_BYTES);
      else await refuse(reply);
    },

    close: () => client.close(),
  };
}

/** The server counts the prompt at the end only; until then this stands, and counts where a client leaves before. */
function startOf(inputTokens: number): TurnEvent {
  const none = { cacheReadTokens: 0, cacheWrite5mTokens: 0, cacheWrite1hTokens: 0, outputTokens: 0, thinkingTokens: 0 };
  return { type: "start", usage: { inputTokens, ...none } };
}

function outputCheck({ outputSchema }: Turn): (value: unknown) => string | null {
  if (outputSchema === null) return () => null;
  const { validate } = createValidator(outputSchema);
  return (value) => (value === undefined ? "it is no JSON" : validate(value));
}
