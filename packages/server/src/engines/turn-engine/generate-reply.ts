import { offeredTools } from "../../turn/offered-tools.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";
import { generateWithTools } from "./generate-calls.ts";
import { generateStructured } from "./generate-structured.ts";
import { generateText } from "./generate-text.ts";
import { generateThinking, thinkingBudgetTokens } from "./generate-thinking.ts";
import { compileOutputSchema } from "./grammar/compile-output-schema.ts";
import { compileTool } from "./grammar/compile-tool.ts";
import { type ReplyEnding, type ReplyEvents, type ReplyState, ending } from "./reply-state.ts";

/** With less room than this the tags alone would leave little for the answer. */
const THINKING_ROOM_TOKENS = 64;

/** Decodes one reply: an optional thinking phase, then what the turn asks for. */
export async function* generateReply(
  state: ReplyState,
  model: { readonly thinkingNative: boolean; readonly promptEndsInThinking: boolean },
): AsyncGenerator<TurnEvent, ReplyEnding & { readonly thinkingTokens: number }, void> {
  const { turn } = state;
  if (turn.maxTokens === 0) return { ...ending("max_tokens", { replayable: false }), thinkingTokens: 0 };
  let thinkingTokens = 0;
  const budgetTokens = state.prefilled ? 0 : thinkingBudgetTokens(turn, model.thinkingNative);
  const hasRoom = state.decoder.remainingTokens >= THINKING_ROOM_TOKENS;
  if (budgetTokens > 0 && (hasRoom || model.promptEndsInThinking)) {
    yield* generateThinking(state, { budgetTokens, alreadyOpen: model.promptEndsInThinking });
    thinkingTokens = state.decoder.log.tokens.length;
  }
  const reply = yield* generateAnswer(state);
  return { ...reply, thinkingTokens };
}

function generateAnswer(state: ReplyState): ReplyEvents {
  const { turn } = state;
  const schema = turn.outputSchema === null ? null : compileOutputSchema(turn.outputSchema);
  const choice = turn.toolChoice;
  const tools = offeredTools(turn);
  if (tools.length === 0 || choice.type === "none") {
    return schema === null ? generateText(state) : generateStructured(state, schema);
  }
  const offered = choice.type === "tool" ? tools.filter(({ name }) => name === choice.name) : tools;
  return generateWithTools(state, {
    tools: offered.map((spec) => compileTool(spec)),
    forced: choice.type !== "auto",
    parallel: choice.parallel,
    format: schema,
  });
}
