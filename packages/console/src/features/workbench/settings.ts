import type { ConsolePromptContent } from "@parley/wire";
import { type Attachment, toBlock } from "./attachments.ts";
import type { Reply, ReplyBlock } from "./reply.ts";
import { fillVariables, type Values } from "./variables.ts";

export type Thinking =
  | { readonly type: "off" }
  | { readonly type: "adaptive" }
  | { readonly type: "enabled"; readonly budgetTokens: number };

/** Up to where the prompt is kept computed. */
export interface CacheMarks {
  readonly tools: boolean;
  readonly system: boolean;
  readonly message: boolean;
  readonly ttl: "5m" | "1h";
}

export interface Settings {
  readonly model: string;
  readonly system: string;
  readonly maxTokens: number;
  /** Null: the model's own. */
  readonly temperature: number | null;
  readonly thinking: Thinking;
  /** A JSON list of tool definitions; empty for none. */
  readonly tools: string;
  /** The JSON schema that the reply follows; empty for none. */
  readonly outputSchema: string;
  readonly cache: CacheMarks;
  /** Whether replies say which words of attached documents they stand on. */
  readonly isCiting: boolean;
}

export const DEFAULT_SETTINGS: Settings = {
  model: "",
  system: "",
  maxTokens: 1024,
  temperature: null,
  thinking: { type: "off" },
  tools: "",
  outputSchema: "",
  cache: { tools: false, system: false, message: false, ttl: "5m" },
  isCiting: false,
};

export const THINKING_BUDGET_MIN = 1024;

export interface ToolResult {
  readonly id: string;
  readonly content: string;
}

export interface UserTurn {
  readonly id: number;
  readonly role: "user";
  readonly text: string;
  readonly results: readonly ToolResult[];
  readonly attachments?: readonly Attachment[] | undefined;
}

export type Turn = UserTurn | { readonly id: number; readonly role: "assistant"; readonly reply: Reply };

type Block = Readonly<Record<string, unknown>>;

/** The body of `POST /v1/messages`, as it is sent and as "Get code" shows it. */
export function toRequest(settings: Settings, turns: readonly Turn[], values: Values = {}): Block {
  const { thinking, cache } = settings;
  const tools = parseTools(settings.tools);
  const schema = parseSchema(settings.outputSchema);
  const system = fillVariables(settings.system, values);
  const mark = { type: "ephemeral", ...(cache.ttl === "1h" ? { ttl: "1h" } : {}) };
  const messages = turns.flatMap((turn) => {
    const content = turn.role === "user" ? toUserContent(turn, settings.isCiting) : toAssistantContent(turn.reply);
    return content.length === 0 ? [] : [{ role: turn.role, content }];
  });
  return {
    model: settings.model,
    max_tokens: settings.maxTokens,
    ...(system.trim() === "" ? {} : { system: cache.system ? [{ type: "text", text: system, cache_control: mark }] : system }),
    ...(settings.temperature === null || thinking.type !== "off" ? {} : { temperature: settings.temperature }),
    ...toThinking(thinking),
    ...(schema === null ? {} : { output_config: { format: { type: "json_schema", schema } } }),
    ...(tools && tools.length > 0 ? { tools: cache.tools ? markLast(tools, mark) : tools } : {}),
    messages: cache.message ? markLastMessage(messages, mark) : messages,
  };
}

function toThinking(thinking: Thinking) {
  switch (thinking.type) {
    case "off":
      return {};
    case "adaptive":
      return { thinking: { type: "adaptive" } };
    case "enabled":
      return { thinking: { type: "enabled", budget_tokens: thinking.budgetTokens } };
    default:
      thinking satisfies never;
      return {};
  }
}

function markLast(blocks: readonly unknown[], mark: Block): readonly unknown[] {
  return blocks.map((block, index) =>
    index === blocks.length - 1 && typeof block === "object" ? { ...block, cache_control: mark } : block,
  );
}

function markLastMessage(messages: readonly { role: string; content: string | readonly unknown[] }[], mark: Block) {
  const last = messages.at(-1);
  if (last?.role !== "user") return messages;
  const blocks = typeof last.content === "string" ? [{ type: "text", text: last.content }] : last.content;
  return [...messages.slice(0, -1), { role: "user", content: markLast(blocks, mark) }];
}

/** The tools of the editor's text; null where it is no JSON list. */
export function parseTools(source: string): readonly unknown[] | null {
  if (source.trim() === "") return [];
  try {
    const value: unknown = JSON.parse(source);
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** Null where there is none, and where it is not one yet. */
function parseSchema(source: string): unknown {
  try {
    return source.trim() === "" ? null : (JSON.parse(source) as unknown);
  } catch {
    return null;
  }
}

/** Calls that wait for a result before the conversation can go on. */
export function openCallsOf(turns: readonly Turn[]): readonly Extract<ReplyBlock, { type: "tool_use" }>[] {
  const last = turns.at(-1);
  if (last?.role !== "assistant" || last.reply.stopReason !== "tool_use") return [];
  return last.reply.blocks.filter((block) => block.type === "tool_use");
}

function toUserContent({ text, results, attachments = [] }: UserTurn, isCiting: boolean): string | readonly Block[] {
  if (results.length === 0 && attachments.length === 0) return text;
  return [
    ...results.map(({ id, content }) => ({ type: "tool_result", tool_use_id: id, content })),
    ...attachments.map((attachment) => toBlock(attachment, isCiting)),
    ...(text.trim() === "" ? [] : [{ type: "text", text }]),
  ];
}

/** Of a reply that was stopped only what is whole goes back: finished thinking, finished calls, and the text so far. */
function toAssistantContent({ blocks, stopReason }: Reply): readonly object[] {
  return blocks.flatMap((block): object[] => {
    switch (block.type) {
      case "text":
        return block.text.trim() === "" ? [] : [{ type: "text", text: block.text }];
      case "thinking":
        return block.signature === "" ? [] : [block];
      case "redacted_thinking":
        return [block];
      case "tool_use":
        return stopReason === null ? [] : [{ type: "tool_use", id: block.id, name: block.name, input: parseInput(block.json) }];
      case "server_tool_use":
      case "mcp_tool_use": {
        const { json, ...call } = block;
        // Its result stands beside it, unless it was stopped before that came.
        return blocks.some((each) => each.type === "server_tool_result" && each.block.tool_use_id === block.id)
          ? [{ ...call, input: parseInput(json) }]
          : [];
      }
      case "server_tool_result":
        return [block.block];
      default:
        block satisfies never;
        return [];
    }
  });
}

function parseInput(json: string): unknown {
  try {
    return json === "" ? {} : JSON.parse(json);
  } catch {
    return {};
  }
}

/** A saved prompt: the settings and the message, not the conversation. */
export function toPromptContent(settings: Settings, message: string): ConsolePromptContent {
  const { model, system, maxTokens, temperature, thinking, tools, outputSchema, cache, isCiting } = settings;
  return {
    model,
    system,
    message,
    max_tokens: maxTokens,
    temperature,
    thinking: thinking.type === "enabled" ? { type: "enabled", budget_tokens: thinking.budgetTokens } : thinking,
    tools,
    output_schema: outputSchema,
    cache,
    citations: isCiting,
  };
}

export function fromPromptContent(content: ConsolePromptContent): Settings {
  const { model, system, max_tokens: maxTokens, temperature, thinking, tools, output_schema: outputSchema, cache } = content;
  return {
    model,
    system,
    maxTokens,
    temperature,
    thinking: thinking.type === "enabled" ? { type: "enabled", budgetTokens: thinking.budget_tokens } : thinking,
    tools,
    outputSchema,
    cache,
    isCiting: content.citations ?? false,
  };
}
