import type { AppliedEdit, ContextEdit } from "@parley/wire";
import type { ToolUseBlock, Turn, TurnMessage, UserBlock } from "../turn/turn.ts";
import { clearThinking, isThinking } from "./thinking-history.ts";

export interface EditedTurn {
  readonly turn: Turn;
  readonly appliedEdits: readonly AppliedEdit[];
  /** Prompt tokens before any edit; null where no edit needed a count. */
  readonly originalInputTokens: number | null;
}

type ClearToolUses = Extract<ContextEdit, { type: "clear_tool_uses_20250919" }>;
type ClearThinking = Extract<ContextEdit, { type: "clear_thinking_20251015" }>;

/** The platform's defaults. */
const TRIGGER_INPUT_TOKENS = 100_000;
const KEEP_TOOL_USES = 3;
const KEEP_THINKING_TURNS = 1;

/** What stands in the place of a cleared result, so that the model knows that there was one. */
const CLEARED_RESULT = "[This tool result was cleared to save context]";

/**
 * Applies `context_management.edits` in their order. `countTokens` is the engine's exact count; it is called only when an
 * edit has something to clear or a threshold to compare with.
 */
export async function applyContextEdits(
  turn: Turn,
  edits: readonly ContextEdit[],
  countTokens: (turn: Turn) => Promise<number>,
): Promise<EditedTurn> {
  let current = turn;
  let currentTokens: number | null = null;
  let originalInputTokens: number | null = null;
  const appliedEdits: AppliedEdit[] = [];
  const tokens = async (): Promise<number> => {
    currentTokens ??= await countTokens(current);
    originalInputTokens ??= currentTokens;
    return currentTokens;
  };
  for (const edit of edits) {
    // It costs a turn of its own, which runs when the reply does: see `createCompactor`.
    if (edit.type === "compact_20260112") continue;
    const change = edit.type === "clear_thinking_20251015" ? planClearThinking(current, edit) : planClearToolUses(current, edit);
    if (change.cleared === 0) continue;
    if (edit.type === "clear_tool_uses_20250919" && !(await isTriggered(edit, current, tokens))) continue;
    const before = await tokens();
    const after = await countTokens(change.turn);
    const clearedTokens = Math.max(0, before - after);
    if (edit.type === "clear_tool_uses_20250919" && clearedTokens < (edit.clear_at_least?.value ?? 0)) continue;
    current = change.turn;
    currentTokens = after;
    appliedEdits.push(
      edit.type === "clear_thinking_20251015"
        ? { type: edit.type, cleared_input_tokens: clearedTokens, cleared_thinking_turns: change.cleared }
        : { type: edit.type, cleared_input_tokens: clearedTokens, cleared_tool_uses: change.cleared },
    );
  }
  return { turn: current, appliedEdits, originalInputTokens };
}

interface Change {
  readonly turn: Turn;
  readonly cleared: number;
}

function planClearThinking(turn: Turn, { keep = { type: "thinking_turns", value: KEEP_THINKING_TURNS } }: ClearThinking): Change {
  if (keep === "all" || keep.type === "all") return { turn, cleared: 0 };
  const withThinking = [...turn.messages.entries()]
    .filter(([, message]) => message.role === "assistant" && message.content.some(isThinking))
    .map(([at]) => at);
  const cleared = new Set(withThinking.slice(0, -keep.value));
  return { turn: { ...turn, messages: clearThinking(turn.messages, (at) => cleared.has(at)) }, cleared: cleared.size };
}

async function isTriggered({ trigger }: ClearToolUses, turn: Turn, tokens: () => Promise<number>): Promise<boolean> {
  return trigger?.type === "tool_uses"
    ? toolUses(turn).length > trigger.value
    : (await tokens()) > (trigger?.value ?? TRIGGER_INPUT_TOKENS);
}

function planClearToolUses(turn: Turn, edit: ClearToolUses): Change {
  const excluded = new Set(edit.exclude_tools ?? []);
  const keep = edit.keep?.value ?? KEEP_TOOL_USES;
  const uses = toolUses(turn).filter(({ name }) => !excluded.has(name));
  const old = keep === 0 ? uses : uses.slice(0, -keep);
  const names = new Map(old.map(({ id, name }) => [id, name]));
  const clearsInput = (name: string): boolean =>
    Array.isArray(edit.clear_tool_inputs) ? edit.clear_tool_inputs.includes(name) : edit.clear_tool_inputs === true;
  const clearedIds = new Set<string>();
  const messages = turn.messages.map((message): TurnMessage => {
    switch (message.role) {
      case "user":
        return { role: "user", content: message.content.map((block) => clearResult(block, names, clearedIds)) };
      case "assistant":
        return {
          role: "assistant",
          content: message.content.map((block) =>
            block.type === "tool_use" && names.has(block.id) && clearsInput(block.name) ? { ...block, input: {} } : block,
          ),
        };
      case "system":
        return message;
    }
  });
  return { turn: { ...turn, messages }, cleared: clearedIds.size };
}

function clearResult(block: UserBlock, names: ReadonlyMap<string, string>, clearedIds: Set<string>): UserBlock {
  if (block.type !== "tool_result" || !names.has(block.toolUseId)) return block;
  clearedIds.add(block.toolUseId);
  // Tools that a result has loaded stay loaded.
  const definitions = block.content.filter((inner) => inner.type === "tool_definition");
  return { ...block, content: [{ type: "text", text: CLEARED_RESULT }, ...definitions] };
}

function toolUses({ messages }: Turn): ToolUseBlock[] {
  return messages.flatMap((message) =>
    message.role === "assistant" ? message.content.filter((block) => block.type === "tool_use") : [],
  );
}
