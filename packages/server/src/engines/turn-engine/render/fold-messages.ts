import { documentText } from "../../../turn/document-text.ts";
import { imageText } from "../../../turn/image-text.ts";
import { toolChanges } from "../../../turn/offered-tools.ts";
import type { AssistantBlock, Picture, ToolResultBlock, ToolSpec, Turn, TurnMessage, UserBlock } from "../../../turn/turn.ts";
import type { Family } from "./detect-family.ts";
import { toJsonText } from "./json-text.ts";
import type { LogicalParts } from "./logical-parts.ts";
import type { AssistantShape, StepShape } from "./step-shape.ts";
import type { AssistantStep, CallPieces, Piece, Step, ToolsStep, UserStep } from "./steps.ts";
import type { TemplateProfile } from "./template-profile.ts";
import { foldedCallText, foldedResultParts, orderedInput, reminderText, toolResultParts } from "./wording.ts";

export interface FoldContext {
  readonly parts: LogicalParts;
  readonly profile: Pick<TemplateProfile, "form" | "seams" | "argumentStyle">;
  readonly family: Family;
  /** Tokens of assistant messages that we made ourselves, by message index. */
  readonly replays: ReadonlyMap<number, readonly number[]>;
}

/** What stands for the user's turn where a conversation has none in front of an assistant's. */
const UNSAID = "…";

/** Puts a conversation into the forms that the template knows. Pure: what is folded depends on shapes, not on texts. */
export function foldMessages(turn: Turn, context: FoldContext): Step[] {
  const steps: Step[] = [];
  // The tools that the model has been shown so far.
  const tools = new Map(turn.tools.map((tool) => [tool.name, tool]));
  turn.messages.forEach((message, index) => {
    for (const change of toolChanges(message)) if (change.type === "tool_definition") tools.set(change.tool.name, change.tool);
    switch (message.role) {
      case "system":
        return addSystem(steps, message, turn.messages[index + 1], (block) => context.parts.blockRank(index, block));
      case "user":
        return addUser(steps, message.content, (block) => context.parts.blockRank(index, block), context);
      case "assistant":
        if (steps.at(-1) === undefined || steps.at(-1)?.kind === "assistant") {
          steps.push({ kind: "user", pieces: [{ text: UNSAID, part: context.parts.blockRank(index, 0), separator: "" }] });
        }
        return void steps.push(assistantStep(tools, index, message.content, context));
      default:
        throw new TypeError(`no such role: ${JSON.stringify(message satisfies never)}`);
    }
  });
  if (steps.length === 0) steps.push({ kind: "user", pieces: [] });
  return steps;
}

/**
 * A system message after a question must not become the thing that is answered: it goes in front of the last block of
 * the user's turn, so the question stays last and every block before it stays where it was. Where the user speaks next,
 * it simply stands in front of that.
 */
function addSystem(
  steps: Step[],
  message: Extract<TurnMessage, { role: "system" }>,
  next: TurnMessage | undefined,
  rank: (block: number) => number,
): void {
  const pieces = message.content.map((block, index): Piece => ({
    text: reminderText(block),
    part: rank(index),
    separator: "\n\n",
  }));
  const previous = steps.at(-1);
  if (previous === undefined || previous.kind === "assistant" || next?.role === "user") {
    openUser(steps).pieces.push(...pieces);
    return;
  }
  const target = previous.kind === "user" ? previous.pieces : previous.results.at(-1)?.pieces;
  if (target === undefined) return;
  target.splice(Math.max(target.length - 1, 0), 0, ...pieces);
}

function openUser(steps: Step[]): UserStep {
  const last = steps.at(-1);
  if (last?.kind === "user") return last;
  const step: UserStep = { kind: "user", pieces: [] };
  steps.push(step);
  return step;
}

function addUser(steps: Step[], blocks: readonly UserBlock[], rank: (block: number) => number, context: FoldContext): void {
  const previous = steps.at(-1);
  const native = previous?.kind === "assistant" && previous.calls.length > 0 ? previous : null;
  const names = new Map(native?.calls.map(({ id, name }) => [id, name]));
  const firstOther = blocks.findIndex((block) => block.type !== "tool_result" || !names.has(block.toolUseId));
  const resultCount = Math.min(firstOther < 0 ? blocks.length : firstOther, native?.calls.length ?? 0);
  let into: Piece[] | null = null;
  if (native !== null && resultCount > 0) {
    const results = blocks.slice(0, resultCount).filter((block) => block.type === "tool_result");
    const step: ToolsStep = {
      kind: "tools",
      shape: native.shape,
      calls: native.calls,
      results: results.map((block, index) => resultPieces(block, rank(index), names)),
    };
    steps.push(step);
    // Templates that want an answer after each result refuse a question there; it then follows the last result's text.
    if (context.profile.seams.between(shapeOf(step), { kind: "user" }) === null) into = step.results.at(-1)?.pieces ?? null;
  }
  if (resultCount === blocks.length && blocks.length > 0) return;
  into ??= openUser(steps).pieces;
  for (const [index, block] of blocks.entries()) {
    if (index >= resultCount) into.push(...toPieces(userParts(block), rank(index)));
  }
}

function resultPieces(block: ToolResultBlock, part: number, names: ReadonlyMap<string, string>): ToolsStep["results"][number] {
  const name = names.get(block.toolUseId) ?? "";
  return { id: block.toolUseId, name, pieces: toPieces(toolResultParts(block), part) };
}

function toPieces(parts: readonly (string | Picture)[], part: number): Piece[] {
  return parts.map((shown): Piece => ({
    ...(typeof shown === "string" ? { text: shown } : { text: "", picture: shown }),
    part,
    separator: "\n\n",
  }));
}

function userParts(block: UserBlock): readonly (string | Picture)[] {
  switch (block.type) {
    case "text":
      return [block.text];
    case "document":
      return [documentText(block)];
    case "image":
      return [block.picture ?? imageText(block.ocrText)];
    case "tool_result":
      return foldedResultParts(block);
    default:
      throw new TypeError(`no such block: ${JSON.stringify(block satisfies never)}`);
  }
}

function assistantStep(
  tools: ReadonlyMap<string, ToolSpec>,
  message: number,
  blocks: readonly AssistantBlock[],
  context: FoldContext,
): AssistantStep {
  const reasoning: Piece[] = [];
  const text: Piece[] = [];
  const calls: CallPieces[] = [];
  blocks.forEach((block, index) => {
    const part = context.parts.blockRank(message, index);
    // Text blocks of an answer are one stream of output (a prefill and what came after it), so nothing goes between.
    if (block.type === "text") text.push({ text: block.text, part, separator: calls.length > 0 ? "\n\n" : "" });
    if (block.type === "thinking" && block.thinking !== "") reasoning.push({ text: block.thinking, part, separator: "\n\n" });
    if (block.type === "tool_use") {
      calls.push({ id: block.id, name: block.name, input: orderedInput(block.input, tools.get(block.name)), part });
    }
  });
  const first = context.parts.blockRank(message, 0);
  const parts = Array.from({ length: Math.max(blocks.length, 1) }, (_, index) => first + index);
  const replay = context.replays.get(message) ?? null;
  const thinks = reasoning.length > 0;
  const keyCounts = calls.map(({ input }) => (context.profile.form.arguments === "object" ? Object.keys(input).length : 0));
  const thought = reasoning.map((piece): Piece => ({ ...piece, text: `<think>\n${piece.text}\n</think>` }));
  const said =
    thought.length === 0
      ? text
      : [...thought, ...text.map((piece, index) => (index === 0 ? { ...piece, separator: "\n\n" } : piece))];
  const full: AssistantShape = { reasoning: thinks, text: text.length > 0 || calls.length === 0, calls: keyCounts };
  if (supports(context, full))
    return { kind: "assistant", shape: full, reasoning, thinks, text, calls, parts, grouped: false, replay };
  const spoken: AssistantShape = { reasoning: false, text: full.text || thought.length > 0, calls: keyCounts };
  if (supports(context, spoken))
    return { kind: "assistant", shape: spoken, reasoning: [], thinks, text: said, calls, parts, grouped: true, replay };
  const written = calls.map((call, index): Piece => ({
    text: foldedCallText(context.family, call.name, toJsonText(call.input, context.profile.argumentStyle)),
    part: call.part,
    separator: index === 0 && said.length > 0 ? "\n\n" : "\n",
  }));
  return {
    kind: "assistant",
    shape: { reasoning: false, text: true, calls: [] },
    reasoning: [],
    thinks,
    text: [...said, ...written],
    calls: [],
    parts,
    grouped: true,
    replay,
  };
}

/** Whether the template can print such an answer, its results, and what comes after. */
function supports({ profile: { seams } }: FoldContext, shape: AssistantShape): boolean {
  const answer: StepShape = { kind: "assistant", shape };
  if (seams.between({ kind: "user" }, answer) === null) return false;
  if (shape.calls.length === 0) return seams.between(answer, { kind: "user" }) !== null;
  const results: StepShape = { kind: "tools", shape, results: shape.calls.length };
  const after: StepShape = { kind: "assistant", shape: { reasoning: false, text: true, calls: [] } };
  return (
    seams.between(answer, results) !== null && seams.between(results, after) !== null && seams.between(results, answer) !== null
  );
}

export function shapeOf(step: Step): StepShape {
  switch (step.kind) {
    case "user":
      return { kind: "user" };
    case "assistant":
      return { kind: "assistant", shape: step.shape };
    case "tools":
      return { kind: "tools", shape: step.shape, results: step.results.length };
    default:
      throw new TypeError(`no such step: ${JSON.stringify(step satisfies never)}`);
  }
}
