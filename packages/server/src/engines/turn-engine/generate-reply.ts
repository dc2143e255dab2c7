import { offeredTools } from "../../turn/offered-tools.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";
import { generateWithTools } from "./generate-calls.ts";
import { generateStructured } from "./generate-structured.ts";
import { generateText } from "./generate-text.ts";
import { generateThinking, thinkingBudgetTokens, writeMarkup } from "./generate-thinking.ts";
import { compileOutputSchema } from "./grammar/compile-output-schema.ts";
import { compileTool } from "./grammar/compile-tool.ts";
import { type ReplyEnding, type ReplyEvents, type ReplyState, ending, outOfRoom } from "./reply-state.ts";
import type { Thoughts } from "./syntax/tool-syntax.ts";

/** With less room than this the tags alone would leave little for the answer. */
const THINKING_ROOM_TOKENS = 64;

/** Decodes one reply: an optional thinking phase, then what the turn asks for. */
export async function* generateReply(
  state: ReplyState,
  model: { readonly thinkingNative: boolean; readonly insideThought: boolean },
): AsyncGenerator<TurnEvent, ReplyEnding & { readonly thinkingTokens: number }, void> {
  const { turn, decoder } = state;
  const { thinking: markup } = state.syntax;
  if (turn.maxTokens === 0) return { ...ending("max_tokens", { replayable: false }), thinkingTokens: 0 };
  const budgetTokens = state.prefilled ? 0 : thinkingBudgetTokens(turn, model.thinkingNative);
  const thinks = budgetTokens > 0 && (decoder.remainingTokens >= THINKING_ROOM_TOKENS || model.insideThought);
  let isClosed = true;
  if (thinks) isClosed = yield* generateThinking(state, { budgetTokens, alreadyOpen: model.insideThought });
  // Only a prefill can have opened it.
  else if (model.insideThought) isClosed = await writeMarkup(state, markup.close);
  const thinkingTokens = thinks ? decoder.log.tokens.length : 0;
  const isInWords = offeredTools(turn).length === 0 || turn.toolChoice.type === "none";
  if (isClosed && isInWords && !state.prefilled) isClosed = await writeMarkup(state, markup.answer);
  if (!isClosed) return { ...outOfRoom(state), replayable: false, thinkingTokens };
  const reply = yield* generateAnswer(state, thinks ? "drop" : model.thinkingNative ? "close" : "text");
  return { ...reply, thinkingTokens };
}

function generateAnswer(state: ReplyState, thoughts: Thoughts): ReplyEvents {
  const { turn } = state;
  const schema = turn.outputSchema === null ? null : compileOutputSchema(turn.outputSchema);
  const choice = turn.toolChoice;
  const tools = offeredTools(turn);
  if (tools.length === 0 || choice.type === "none") {
    return schema === null ? generateText(state, thoughts) : generateStructured(state, schema);
  }
  const offered = choice.type === "tool" ? tools.filter(({ name }) => name === choice.name) : tools;
  return generateWithTools(state, {
    tools: offered.map((spec) => compileTool(spec)),
    forced: choice.type !== "auto",
    parallel: choice.parallel,
    format: schema,
    // A grammar lets no thought begin, and JSON may spell any tag.
    thoughts: schema === null ? thoughts : "text",
  });
}
