import { fail } from "../../platform/fail.ts";
import type { Turn } from "../../turn/turn.ts";

/**
 * Refuses what does not fit, in the words that clients parse to compact or to ask for less (promise 6), and returns
 * how many tokens may be decoded.
 */
export function outputRoom(
  turn: Pick<Turn, "maxTokens" | "contextOverflow">,
  promptTokens: number,
  contextTokens: number,
): { readonly tokens: number; readonly endsAtWindow: boolean } {
  // One token must be left to decode; engines take no fuller prompt even where only the cache is to be filled.
  const largestPrompt = contextTokens - 1;
  if (promptTokens > largestPrompt) {
    throw fail("invalid_request_error", {
      public: `prompt is too long: ${promptTokens} tokens > ${largestPrompt} maximum`,
    });
  }
  const room = contextTokens - promptTokens;
  if (turn.maxTokens <= room) return { tokens: turn.maxTokens, endsAtWindow: false };
  if (turn.contextOverflow === "refuse") {
    throw fail("invalid_request_error", {
      public:
        `input length and \`max_tokens\` exceed context limit: ${promptTokens} + ${turn.maxTokens} > ${contextTokens}, ` +
        "decrease input length or `max_tokens` and try again",
    });
  }
  return { tokens: room, endsAtWindow: true };
}
