import type { Turn } from "../../../turn/turn.ts";
import type { GenerationMode } from "./chat-template.ts";
import type { Family } from "./detect-family.ts";
import type { ReadHead } from "./head.ts";
import type { LogicalParts } from "./logical-parts.ts";
import { createPromptRuns, type PromptRun, type PromptRuns } from "./prompt-runs.ts";
import type { Piece, Step } from "./steps.ts";
import { opensThought, type ThinkingMarkup } from "./thinking-markup.ts";
import type { TemplateProfile } from "./template-profile.ts";
import { foldedToolTexts, formatText } from "./wording.ts";
import { writeGeneration, writeStep } from "./write-step.ts";

export interface WriteContext {
  readonly parts: LogicalParts;
  readonly profile: TemplateProfile;
  readonly family: Family;
  /** Null: the weights were not trained to think. */
  readonly thinking: ThinkingMarkup | null;
  readonly readHead: ReadHead;
  /** Spellings of the tokens that end a turn. */
  readonly endSpellings: readonly string[];
}

export interface WrittenTurn {
  /** The whole prompt, in order. */
  readonly runs: readonly PromptRun[];
  /** See `RenderedPrompt`. */
  readonly insideThought: boolean;
}

export function writeTurn(turn: Turn, steps: readonly Step[], context: WriteContext): WrittenTurn {
  const runs = createPromptRuns();
  const firstPieces = writeHead(runs, turn, context);
  const mode: GenerationMode = { thinking: wantsThinking(turn), effort: turn.effort };
  steps.forEach((step, index) => {
    const previous = steps[index - 1];
    if (previous === undefined) {
      const pieces = step.kind === "user" ? step.pieces : [];
      runs.pieces([...firstPieces, ...pieces], context.profile.strip.user, null);
    } else {
      writeStep(runs, { previous, step, isLast: index === steps.length - 1, mode }, context);
    }
  });
  const last = steps.at(-1);
  if (last === undefined) return { runs: runs.runs, insideThought: false };
  if (last.kind !== "assistant") return { runs: runs.runs, insideThought: writeGeneration(runs, last, mode, context) };
  const prefill = last.text.map(({ text }) => text).join("");
  return { runs: runs.runs, insideThought: context.thinking !== null && opensThought(prefill, context.thinking) };
}

/** `adaptive` at low effort does not think: see `thinkingBudgetTokens`. */
function wantsThinking({ thinking, effort }: Turn): boolean {
  return thinking.type === "enabled" || (thinking.type === "adaptive" && effort !== "low");
}

/** Writes what stands before the first question; returns the pieces that must stand inside of it instead. */
function writeHead(runs: PromptRuns, turn: Turn, { parts, profile, family, readHead }: WriteContext): readonly Piece[] {
  const systemPieces = turn.system
    .map((block, index): Piece => ({ text: block.text, part: parts.systemRank(index), separator: "\n\n" }))
    .filter(({ text }) => text !== "");
  if (turn.outputSchema !== null)
    systemPieces.push({ text: formatText(turn.outputSchema), part: parts.formatRank, separator: "\n\n" });
  const attempts = [
    { tools: turn.tools, system: systemPieces, inQuestion: [] },
    { tools: turn.tools, system: [], inQuestion: systemPieces },
  ];
  const folded = foldedToolTexts(family, turn.tools).map((text, index): Piece => ({
    text,
    part: parts.toolRank(index),
    separator: "\n",
  }));
  // Our own frame for tools goes in front of the system text: that is the order of a cache prefix.
  attempts.push(
    { tools: [], system: [...folded, ...systemPieces], inQuestion: [] },
    { tools: [], system: [], inQuestion: [...folded, ...systemPieces] },
  );
  for (const { tools, system, inQuestion } of attempts) {
    if (system.length > 0 && !profile.systemRole) continue;
    const head = readHead(turn.workspaceId, tools, system.length > 0);
    if (head === null) continue;
    const group = head.toolsDependOnSystem ? Array.from({ length: parts.formatRank }, (_, rank) => rank) : null;
    for (const run of head.runs) {
      if (run.kind === "system") runs.pieces(system, profile.strip.system, group);
      else {
        const owners = run.tools.length === 0 || group === null ? run.tools.map((tool) => parts.toolRank(tool)) : group;
        if (run.special) runs.template(run.text, owners);
        else runs.content(run.text, owners);
      }
    }
    return inQuestion;
  }
  return [...folded, ...systemPieces];
}
