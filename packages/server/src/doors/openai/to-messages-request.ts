import { parseBySchema } from "@parley/wire";
import { fail } from "../../platform/fail.ts";
import { ChatRequest, type ChatContent, type ChatRequestMessage } from "./api.ts";

type Json = Readonly<Record<string, unknown>>;
type Block = Json & { readonly type: string };

/** Chat requests need not say how long a reply may be, messages must. */
const MAX_TOKENS = 4_096;

export interface ReadChat {
  /** Of the Messages API, not yet checked as such. */
  readonly body: Json;
  /** The client wants a last chunk with the counts. */
  readonly isUsageWanted: boolean;
}

/** A chat completion's request as one for a message. Throws `invalid_request_error` that names the path. */
export function toMessagesRequest(json: unknown): ReadChat {
  const checked = parseBySchema(ChatRequest, json);
  if (!checked.ok) throw fail("invalid_request_error", { public: checked.message });
  const chat = checked.value;
  if ((chat.n ?? 1) !== 1) throw fail("invalid_request_error", { public: "n: Input should be 1" });
  const system = chat.messages.flatMap((message) => (isSystem(message) ? [textOf(message.content)] : []));
  const stops = [chat.stop ?? []].flat().filter((stop) => stop.trim() !== "");
  const { response_format: format } = chat;
  const body = {
    model: chat.model,
    max_tokens: chat.max_completion_tokens ?? chat.max_tokens ?? MAX_TOKENS,
    messages: toMessages(chat.messages),
    ...(system.length === 0 ? {} : { system: system.join("\n") }),
    ...given("stream", chat.stream),
    ...(stops.length === 0 ? {} : { stop_sequences: stops }),
    // The protocol allows 2.
    ...given("temperature", chat.temperature && Math.min(1, chat.temperature)),
    ...given("top_p", chat.top_p),
    ...toTools(chat),
    ...(format?.type === "json_schema"
      ? { output_config: { format: { type: "json_schema", schema: format.json_schema.schema } } }
      : {}),
    ...given("thinking", chat.thinking),
  };
  return { body, isUsageWanted: chat.stream_options?.include_usage === true };
}

/** Clients of this protocol send null for what they leave out. */
function given(name: string, value: unknown): Json {
  return value === undefined || value === null ? {} : { [name]: value };
}

function toTools({ tools, tool_choice: choice, parallel_tool_calls: parallel }: ChatRequest): Json {
  if (!tools || tools.length === 0) return {};
  const disable = parallel === false ? { disable_parallel_tool_use: true } : {};
  return {
    tools: tools.map(({ function: { name, description, parameters } }) => ({
      name,
      ...given("description", description),
      input_schema: { type: "object", ...parameters },
    })),
    ...toChoice(choice ?? "auto", disable),
  };
}

function toChoice(choice: NonNullable<ChatRequest["tool_choice"]>, disable: Json): Json {
  if (typeof choice === "object") return { tool_choice: { type: "tool", name: choice.function.name, ...disable } };
  switch (choice) {
    case "auto":
      return { tool_choice: { type: "auto", ...disable } };
    case "required":
      return { tool_choice: { type: "any", ...disable } };
    case "none":
      return { tool_choice: { type: "none" } };
    default:
      choice satisfies never;
      return {};
  }
}

/** Neighbours of one role become one message, as a tool's results are one message of the user's, and lead it. */
function toMessages(messages: readonly ChatRequestMessage[]): Json[] {
  const merged: { role: "user" | "assistant"; content: Block[] }[] = [];
  for (const [index, message] of messages.entries()) {
    if (isSystem(message)) continue;
    const role = message.role === "assistant" ? "assistant" : "user";
    const content = toBlocks(message, ["messages", index]);
    const last = merged.at(-1);
    if (last?.role === role) last.content.push(...content);
    else merged.push({ role, content });
  }
  return merged.map(({ role, content }) => ({ role, content: content.toSorted((one, other) => rank(one) - rank(other)) }));
}

/** Results first, then pictures and text in their order, a call last. */
function rank({ type }: Block): number {
  if (type === "tool_result") return 0;
  return type === "tool_use" ? 2 : 1;
}

type SystemMessage = Extract<ChatRequestMessage, { role: "system" | "developer" }>;

function isSystem(message: ChatRequestMessage): message is SystemMessage {
  return message.role === "system" || message.role === "developer";
}

function toBlocks(message: Exclude<ChatRequestMessage, SystemMessage>, path: readonly (string | number)[]): Block[] {
  switch (message.role) {
    case "user":
      return toContentBlocks(message.content, path);
    case "tool": {
      const content = toContentBlocks(message.content, path);
      return [{ type: "tool_result", tool_use_id: message.tool_call_id, ...(content.length === 0 ? {} : { content }) }];
    }
    case "assistant": {
      const text = message.content ? textOf(message.content) : "";
      const calls = (message.tool_calls ?? []).map((call, index) => ({
        type: "tool_use",
        id: call.id,
        name: call.function.name,
        input: parseArguments(call.function.arguments, [...path, "tool_calls", index, "function", "arguments"]),
      }));
      // Line breaks before a call are common in what clients send back.
      return [...(text.trim() === "" ? [] : [{ type: "text", text }]), ...calls];
    }
    default:
      message satisfies never;
      return [];
  }
}

function parseArguments(json: string, path: readonly (string | number)[]): Json {
  try {
    const value: unknown = json.trim() === "" ? {} : JSON.parse(json);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  } catch {
    // Said below.
  }
  throw fail("invalid_request_error", { public: `${path.join(".")}: Input should be a JSON object` });
}

function toContentBlocks(content: ChatContent, path: readonly (string | number)[]): Block[] {
  if (typeof content === "string") return toTextBlocks(content);
  return content.flatMap((part, index): Block[] => {
    switch (part.type) {
      case "text":
        return toTextBlocks(part.text);
      case "refusal":
        return [{ type: "text", text: part.refusal }];
      case "image_url":
        return [{ type: "image", source: toImageSource(part.image_url.url, [...path, "content", index, "image_url", "url"]) }];
      case "input_audio":
        // Left out, as the platform leaves it out.
        return [];
      default:
        part satisfies never;
        return [];
    }
  });
}

/** This protocol allows empty texts, as of a tool that printed nothing; a message has none. */
function toTextBlocks(text: string): Block[] {
  return text === "" ? [] : [{ type: "text", text }];
}

function toImageSource(url: string, path: readonly (string | number)[]): Json {
  if (/^https?:/i.test(url)) return { type: "url", url };
  const data = /^data:([\w/+.-]+);base64,(.*)$/s.exec(url);
  if (data) return { type: "base64", media_type: data[1], data: data[2] };
  throw fail("invalid_request_error", { public: `${path.join(".")}: Input should be an http(s) URL or a base64 data URL` });
}

function textOf(content: ChatContent): string {
  if (typeof content === "string") return content;
  return content
    .flatMap((part) => (part.type === "text" ? [part.text] : part.type === "refusal" ? [part.refusal] : []))
    .join("\n");
}
