import type { TurnEvent } from "../../turn/turn-event.ts";
import type { Turn } from "../../turn/turn.ts";
import type { ReplyState } from "./reply-state.ts";
import { ThoughtReader } from "./syntax/thought-reader.ts";

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
 * Decodes a thinking phase inside the family's thinking markup, up to its budget, and closes it. A native template may
 * have opened it already. False: the reply's room ended within it.
 */
export async function* generateThinking(
  state: ReplyState,
  options: { readonly budgetTokens: number; readonly alreadyOpen: boolean },
): AsyncGenerator<TurnEvent, boolean, void> {
  const { decoder, writer } = state;
  const markup = state.syntax.thinking;
  if (!options.alreadyOpen) await decoder.inject(markup.open);
  const start = decoder.log.text.length;
  const room = decoder.remainingTokens;
  const maxTokens = Math.min(options.budgetTokens, room > ANSWER_RESERVE_TOKENS ? room - ANSWER_RESERVE_TOKENS : room);
  const reader = new ThoughtReader(markup.ends);
  let thinking = "";
  const show = function* (text: string): Generator<TurnEvent, void, void> {
    thinking += text;
    yield* writer.thinking(text);
  };
  let end: number | null = null;
  const decode = decoder.decode({ grammar: null, sampler: state.sampler, maxTokens });
  try {
    while (end === null) {
      const step = await decode.next();
      if (step.done) break;
      if (typeof step.value !== "string") {
        yield { type: "progress", phase: "prefill", ...step.value };
        continue;
      }
      const read = reader.push(step.value);
      yield* show(read.thinking);
      ({ end } = read);
    }
  } finally {
    await decode.return("end-token");
  }
  if (end === null) yield* show(reader.finish());
  // A token may spell the thought's last characters and the tag's first.
  const literal = end === null ? "" : decoder.log.rewindTo(start + end);
  const isClosed = await writeMarkup(state, literal + markup.close);
  if (writer.open === "thinking") {
    yield* writer.stopThinking(thinking, state.signThinking(state.turn.workspaceId, thinking));
  }
  return isClosed;
}

/** Closes a thought that the model has opened, with a tag that ends at `end`, where none is wanted. */
export function closeThought(state: ReplyState, end: number): Promise<boolean> {
  const tag = state.decoder.log.rewindTo(end);
  return writeMarkup(state, `${tag}\n${state.syntax.thinking.close}`);
}

/** Writes markup for the model; false where the reply has no room for it. */
export async function writeMarkup({ backend, decoder }: ReplyState, markup: string): Promise<boolean> {
  if (markup === "") return true;
  const tokens = await backend.tokenize(markup, { special: true });
  if (decoder.remainingTokens < tokens.length) return false;
  await decoder.inject(markup, tokens);
  return true;
}
