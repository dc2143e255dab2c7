import type { TurnEvent } from "../turn/turn-event.ts";
import type { Turn } from "../turn/turn.ts";

/** Begins a reply with what MCP servers listed for it, so that its client can send that back. */
export function tellListings(
  events: AsyncGenerator<TurnEvent, void, void>,
  { mcpToolListings = [] }: Turn,
): AsyncGenerator<TurnEvent, void, void> {
  return mcpToolListings.length === 0 ? events : told(events, mcpToolListings);
}

async function* told(
  events: AsyncGenerator<TurnEvent, void, void>,
  listings: NonNullable<Turn["mcpToolListings"]>,
): AsyncGenerator<TurnEvent, void, void> {
  for await (const event of events) {
    yield "index" in event ? { ...event, index: event.index + listings.length } : event;
    if (event.type !== "start") continue;
    for (const [index, block] of listings.entries()) {
      yield { type: "block-start", index, block: { type: "mcp_tool_listing", block } };
      yield { type: "block-stop", index };
    }
  }
}
