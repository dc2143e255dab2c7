import type { MadeReply, StreamPart } from "../../endpoints/define-endpoint.ts";
import { dataOf, eventsOf, framed } from "../stream-events.ts";
import type { ChatUsage, FinishReason } from "./api.ts";

type Json = Readonly<Record<string, unknown>>;

export interface ChatReplyOptions {
  readonly isUsageWanted: boolean;
  /** Seconds since 1970. */
  readonly created: number;
}

/** The reply to a message as that to a chat completion, whole or streamed. Thinking is not told, as the protocol has no place for it. */
export function toChatReply(reply: MadeReply, options: ChatReplyOptions): MadeReply {
  switch (reply.kind) {
    case "json":
      return { ...reply, body: toCompletion(objectOf(reply.body), options) };
    case "raw": {
      const { status = 200, headers = {}, contentType, body } = reply;
      const text = typeof body === "string" ? body : Buffer.from(body).toString("utf8");
      if (contentType.startsWith("text/event-stream")) return { kind: "stream", headers, parts: toChunks(framed(text), options) };
      return { kind: "json", status, headers, body: toCompletion(objectOf(JSON.parse(text)), options) };
    }
    case "stream":
      return { ...reply, parts: toChunks(reply.parts, options) };
    case "bytes":
      return reply;
    default:
      reply satisfies never;
      return reply;
  }
}

function toCompletion(message: Json, { created }: ChatReplyOptions): Json {
  const content = Array.isArray(message["content"]) ? message["content"].map(objectOf) : [];
  const texts = content.flatMap(({ type, text }) => (type === "text" ? [String(text)] : []));
  const calls = content.filter(({ type }) => type === "tool_use");
  return {
    id: message["id"],
    object: "chat.completion",
    created,
    model: message["model"],
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: texts.length === 0 ? null : texts.join(""),
          refusal: null,
          ...(calls.length === 0
            ? {}
            : {
                tool_calls: calls.map(({ id, name, input }) => ({
                  id,
                  type: "function",
                  function: { name, arguments: JSON.stringify(input) },
                })),
              }),
        },
        logprobs: null,
        finish_reason: toFinish(message["stop_reason"]),
      },
    ],
    usage: toUsage(objectOf(message["usage"])),
  };
}

async function* toChunks(parts: AsyncIterable<StreamPart>, options: ChatReplyOptions): AsyncGenerator<StreamPart, void, void> {
  let frame: Json = {};
  /** By the block's index: the place among the calls, and whether anything was said of its arguments. */
  const calls = new Map<unknown, { readonly index: number; hasArguments: boolean }>();
  let usage: Json = {};
  const chunk = (delta: Json, finish: FinishReason | null = null): StreamPart => ({
    event: "chunk",
    data: { ...frame, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] },
  });
  for await (const part of eventsOf(parts)) {
    const data = dataOf(part) as Json;
    switch (data["type"]) {
      case "message_start": {
        const { id, model, usage: first } = objectOf(data["message"]);
        usage = objectOf(first);
        frame = { id, object: "chat.completion.chunk", created: options.created, model };
        yield chunk({ role: "assistant", content: "", refusal: null });
        break;
      }
      case "content_block_start": {
        const block = objectOf(data["content_block"]);
        if (block["type"] !== "tool_use") break;
        const index = calls.size;
        calls.set(data["index"], { index, hasArguments: false });
        yield chunk({
          tool_calls: [{ index, id: block["id"], type: "function", function: { name: block["name"], arguments: "" } }],
        });
        break;
      }
      case "content_block_delta": {
        const delta = objectOf(data["delta"]);
        const call = calls.get(data["index"]);
        if (delta["type"] === "text_delta") yield chunk({ content: delta["text"] });
        else if (delta["type"] === "input_json_delta" && call !== undefined && delta["partial_json"] !== "") {
          call.hasArguments = true;
          yield chunk({ tool_calls: [{ index: call.index, function: { arguments: delta["partial_json"] } }] });
        }
        break;
      }
      case "content_block_stop": {
        const call = calls.get(data["index"]);
        // A call without arguments says nothing of them in the Messages protocol; clients of this one parse what they were told.
        if (call?.hasArguments === false) yield chunk({ tool_calls: [{ index: call.index, function: { arguments: "{}" } }] });
        break;
      }
      case "message_delta":
        usage = { ...usage, ...withoutNull(objectOf(data["usage"])) };
        yield chunk({}, toFinish(objectOf(data["delta"])["stop_reason"]));
        break;
      case "message_stop":
        if (options.isUsageWanted) yield { event: "chunk", data: { ...frame, choices: [], usage: toUsage(usage) } };
        yield { event: "chunk", json: "[DONE]" };
        break;
      case "ping":
        yield { comment: "ping" };
        break;
      default:
      // What the protocol has no word for.
    }
  }
}

function toFinish(reason: unknown): FinishReason {
  switch (reason) {
    case "max_tokens":
    case "model_context_window_exceeded":
      return "length";
    case "tool_use":
      return "tool_calls";
    case "refusal":
      return "content_filter";
    default:
      return "stop";
  }
}

function toUsage(usage: Json): ChatUsage {
  const count = (name: string): number => Number(usage[name] ?? 0);
  const cached = count("cache_read_input_tokens");
  const prompt = count("input_tokens") + cached + count("cache_creation_input_tokens");
  const completion = count("output_tokens");
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: Number(objectOf(usage["output_tokens_details"])["thinking_tokens"] ?? 0) },
  };
}

function withoutNull(value: Json): Json {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null));
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}
