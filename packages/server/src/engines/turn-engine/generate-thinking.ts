import type { TurnEvent } from "../../turn/turn-event.ts";
import type { Turn } from "../../turn/turn.ts";
import type { ReplyState } from "./reply-state.ts";

const OPEN = "<think>\n";
const CLOSE = "\n</think>\n\n";

/** Tokens kept free for the answer, however large the thinking budget is. */
const ANSWER_RESERVE_TOKENS = 16;

/**
 * Budget of the thinking phase in tokens; 0 is none. `adaptive` leaves the choice to the model; for weights that were
 * not trained to choose, Parley chooses: think where the effort asks for it and no tool call is wanted soon.
 */
export function thinkingBudgetTokens(turn: Pick<Turn, "thinking" | "effort" | "tools">, native: boolean): number {
  switch (turn.thinking.type) {
    case "disabled":
      return 0;
    case "enabled":
      return turn.thinking.budgetTokens;
    case "adaptive": {
      const effort = turn.effort ?? "high";
      const budget = { low: 0, medium: native ? 2048 : 0, high: 4096, xhigh: 8192, max: 16_384 }[effort];
      return native || turn.tools.length === 0 || effort === "xhigh" || effort === "max" ? budget : 0;
    }
    default:
      return turn.thinking satisfies never;
  }
}

/**
 * Decodes a thinking phase inside the model's thinking tags, up to its budget, and closes it. The tags are ours for
 * weights that have no thinking of their own; a native template may have opened them already.
 */
export async function* generateThinking(
  state: ReplyState,
  options: { readonly budgetTokens: number; readonly alreadyOpen: boolean },
): AsyncGenerator<TurnEvent, { readonly tokens: number }, void> {
  const { decoder, writer } = state;
  if (!options.alreadyOpen) await decoder.inject(OPEN);
  const startTokens = decoder.log.tokens.length;
  const startCharacters = decoder.log.text.length;
  const maxTokens = Math.min(options.budgetTokens, decoder.remainingTokens - ANSWER_RESERVE_TOKENS);
  let written = 0;
  const decode = decoder.decode({ grammar: null, sampler: state.sampler, maxTokens });
  let closedAt = -1;
  try {
    for (;;) {
      const step = await decode.next();
      if (step.done) break;
      if (typeof step.value !== "string") {
        yield { type: "progress", phase: "prefill", ...step.value };
        continue;
      }
      const text = decoder.log.text.slice(startCharacters);
      closedAt = text.indexOf("</think>");
      if (closedAt >= 0) break;
      const ready = text.length - heldBack(text);
      if (ready > written) yield* writer.thinking(written === 0 ? text.slice(0, ready).trimStart() : text.slice(written, ready));
      written = Math.max(written, ready);
    }
  } finally {
    await decode.return("end-token");
  }
  const text = decoder.log.text.slice(startCharacters);
  const end = closedAt >= 0 ? closedAt : text.length;
  const rest = text.slice(written, end).trimEnd();
  yield* writer.thinking(written === 0 ? rest.trimStart() : rest);
  decoder.log.rewindTo(startCharacters + end);
  const thinking = text.slice(0, end).trim();
  await decoder.inject(CLOSE);
  if (writer.open === "thinking") {
    yield* writer.stopThinking(thinking, state.signThinking(state.turn.workspaceId, thinking));
  }
  return { tokens: decoder.log.tokens.length - startTokens };
}

/** Characters at the end that may belong to the closing tag or to the white space in front of it. */
function heldBack(text: string): number {
  const tag = "</think>";
  const trimmed = text.trimEnd();
  for (let length = Math.min(tag.length - 1, trimmed.length); length > 0; length -= 1) {
    if (tag.startsWith(trimmed.slice(-length))) return text.length - trimmed.slice(0, -length).trimEnd().length;
  }
  return text.length - trimmed.length;
}
