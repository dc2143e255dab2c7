import { offeredTools } from "../../../turn/offered-tools.ts";
import type { Turn, UserBlock } from "../../../turn/turn.ts";

/**
 * Weights of one logistic score, fitted on calls that weak models made rightly and wrongly (bench/tools, tune half):
 * `fit` of the tool to the request, and the share of the call's values that are grounded in it. See
 * docs/decisions/2026-11-21-tool-decision.md.
 */
export interface ToolGate {
  readonly fit: number;
  readonly grounding: number;
  readonly bias: number;
  /** A call whose score is below this is not made. */
  readonly threshold: number;
}

/** Longer requests are an agent's: its prompt says when to call, and the judgement was not measured there. */
const REQUEST_MAX_CHARACTERS = 1600;
const TOOLS_MAX = 8;
/** Measured at 1.5B: a tool that a one-step request asks for is above, the first tool of a chain below. */
const TASK_FIT = 0.5;
const STRAY_MARGIN = 0.4;

/**
 * The text of a request that opens a task: a last user message of one block of text, that answers no call. Null for any other;
 * what agents put in front of the question (reminders, files) would be judged as the question.
 */
export function freshRequest(turn: Pick<Turn, "messages" | "container">): string | null {
  if (hasSkills(turn)) return null;
  const last = turn.messages.findLast(({ role }) => role !== "system");
  if (last?.role !== "user") return null;
  const blocks: readonly UserBlock[] = last.content;
  const [block] = blocks;
  if (blocks.length !== 1 || block?.type !== "text") return null;
  const text = block.text.trim();
  return text === "" || text.length > REQUEST_MAX_CHARACTERS ? null : text;
}

/** The request whose calls are under way, and the tools that were called for it. Null where it is none to judge by. */
export function runningTask(
  turn: Pick<Turn, "messages" | "container">,
): { readonly request: string; readonly called: readonly string[] } | null {
  if (hasSkills(turn)) return null;
  const asked = turn.messages.findLastIndex(
    ({ role, content }) => role === "user" && content.some(({ type }) => type === "text") && !hasResult(content),
  );
  const message = turn.messages[asked];
  if (message?.role !== "user") return null;
  // Clients put what is not the question (reminders, files) into blocks in front of it.
  const last = message.content.findLast((block) => block.type === "text");
  const request = last?.type === "text" ? last.text.trim() : "";
  if (request === "" || request.length > REQUEST_MAX_CHARACTERS) return null;
  const called = turn.messages
    .slice(asked)
    .flatMap(({ content }) => content.flatMap((block) => (block.type === "tool_use" ? [block.name] : [])));
  return { request, called };
}

/** Their list in the prompt says when to call; a tool that runs commands alone is judged to make no spreadsheet. */
function hasSkills({ container }: Pick<Turn, "container">): boolean {
  return container !== undefined && container.skills.length > 0;
}

function hasResult(content: Turn["messages"][number]["content"]): boolean {
  return content.some(({ type }) => type === "tool_result");
}

/** Whether the next tool fits the request clearly less than one that was called for it and fits it. */
export function isStray(calledFits: readonly number[], nextFit: number): boolean {
  const called = Math.max(-Infinity, ...calledFits);
  return called >= TASK_FIT && nextFit < called - STRAY_MARGIN;
}

/** Whether a call is judged before it is made: a model's choice, on a fresh request, with few tools. */
export function isGated(turn: Pick<Turn, "messages" | "tools" | "toolChoice">): boolean {
  return (
    turn.toolChoice.type === "auto" &&
    offeredTools(turn).length <= TOOLS_MAX &&
    freshRequest(turn) !== null &&
    !turn.messages.some(({ role, content }) => role === "assistant" && content.some(({ type }) => type === "tool_use"))
  );
}

/** What the score says before the call's values are known. */
export function judgeFit(gate: ToolGate, fit: number): "call" | "text" | "by-values" {
  if (scoreOf(gate, fit, 0) > gate.threshold) return "call";
  return scoreOf(gate, fit, 1) > gate.threshold ? "by-values" : "text";
}

export function judgeCall(gate: ToolGate, fit: number, grounding: number): "call" | "text" {
  return scoreOf(gate, fit, grounding) > gate.threshold ? "call" : "text";
}

function scoreOf(gate: ToolGate, fit: number, grounding: number): number {
  return gate.fit * fit + gate.grounding * grounding + gate.bias;
}
