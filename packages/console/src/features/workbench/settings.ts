import type { Reply, ReplyBlock } from "./reply.ts";

export interface Settings {
  readonly model: string;
  readonly system: string;
  readonly maxTokens: number;
  /** Null: the model's own. */
  readonly temperature: number | null;
  readonly thinkingBudgetTokens: number | null;
  /** A JSON list of tool definitions; empty for none. */
  readonly tools: string;
}

export const DEFAULT_SETTINGS: Settings = {
  model: "",
  system: "",
  maxTokens: 1024,
  temperature: null,
  thinkingBudgetTokens: null,
  tools: "",
};

export const THINKING_BUDGET_MIN = 1024;

export interface ToolResult {
  readonly id: string;
  readonly content: string;
}

export type Turn =
  | { readonly id: number; readonly role: "user"; readonly text: string; readonly results: readonly ToolResult[] }
  | { readonly id: number; readonly role: "assistant"; readonly reply: Reply };

/** The body of `POST /v1/messages`, as it is sent and as "Get code" shows it. */
export function toRequest(settings: Settings, turns: readonly Turn[]): Readonly<Record<string, unknown>> {
  const tools = parseTools(settings.tools);
  return {
    model: settings.model,
    max_tokens: settings.maxTokens,
    ...(settings.system.trim() === "" ? {} : { system: settings.system }),
    ...(settings.temperature === null || settings.thinkingBudgetTokens !== null ? {} : { temperature: settings.temperature }),
    ...(settings.thinkingBudgetTokens === null
      ? {}
      : { thinking: { type: "enabled", budget_tokens: settings.thinkingBudgetTokens } }),
    ...(tools && tools.length > 0 ? { tools } : {}),
    messages: turns.flatMap((turn) => {
      const content = turn.role === "user" ? toUserContent(turn) : toAssistantContent(turn.reply);
      return content.length === 0 ? [] : [{ role: turn.role, content }];
    }),
  };
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

/** Calls that wait for a result before the conversation can go on. */
export function openCallsOf(turns: readonly Turn[]): readonly Extract<ReplyBlock, { type: "tool_use" }>[] {
  const last = turns.at(-1);
  if (last?.role !== "assistant" || last.reply.stopReason !== "tool_use") return [];
  return last.reply.blocks.filter((block) => block.type === "tool_use");
}

function toUserContent({ text, results }: Extract<Turn, { role: "user" }>) {
  if (results.length === 0) return text;
  return [
    ...results.map(({ id, content }) => ({ type: "tool_result", tool_use_id: id, content })),
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
