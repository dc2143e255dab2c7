import { toolChanges } from "../turn/offered-tools.ts";
import type { TextBlock, TurnMessage } from "../turn/turn.ts";

/** What the model reads in place of what was compacted. */
export function toSummaryBlock(summary: string): TextBlock {
  return {
    type: "text",
    text: `The conversation up to here was summarized, to save space. This is the summary:\n\n<summary>\n${summary}\n</summary>`,
  };
}

/**
 * The conversation from a summary on; it is the first block of its message. Tools that were added and removed before it
 * stay so.
 */
export function fromSummaryOn(messages: readonly TurnMessage[], summary: TextBlock): TurnMessage[] {
  const at = messages.findIndex(({ content }) => content[0] === summary);
  if (at === -1) return [...messages];
  const changes = messages
    .slice(0, at)
    .flatMap(toolChanges)
    .map(({ cacheTtl: _mark, ...change }) => change);
  return [...messages.slice(at, at + 1), { role: "system", content: changes }, ...messages.slice(at + 1)];
}
