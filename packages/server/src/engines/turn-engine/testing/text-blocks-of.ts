import type { Citation } from "../../../turn/citation.ts";
import type { TurnEvent } from "../../../turn/turn-event.ts";

/** The text blocks of a reply with what they cite. */
export function textBlocksOf(events: readonly TurnEvent[]): { text: string; citations: Citation[] }[] {
  const blocks = new Map<number, { text: string; citations: Citation[] }>();
  for (const event of events) {
    if (event.type === "block-start" && event.block.type === "text") blocks.set(event.index, { text: "", citations: [] });
    const block = "index" in event ? blocks.get(event.index) : undefined;
    if (event.type === "text-delta" && block) block.text += event.text;
    if (event.type === "citation" && block) block.citations.push(event.citation);
  }
  return [...blocks.values()];
}
