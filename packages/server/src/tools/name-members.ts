import type { TurnEvent } from "../turn/turn-event.ts";
import type { Turn } from "../turn/turn.ts";

/** The model calls a toolset's members by names of their own; the client knows them by family and name. */
export function nameMembers(
  events: AsyncGenerator<TurnEvent, void, void>,
  { toolsetMembers = [] }: Turn,
): AsyncGenerator<TurnEvent, void, void> {
  return toolsetMembers.length === 0 ? events : named(events, new Map(toolsetMembers.map((each) => [each.name, each])));
}

async function* named(
  events: AsyncGenerator<TurnEvent, void, void>,
  members: ReadonlyMap<string, NonNullable<Turn["toolsetMembers"]>[number]>,
): AsyncGenerator<TurnEvent, void, void> {
  for await (const event of events) {
    const member = event.type === "block-start" && event.block.type === "tool_use" ? members.get(event.block.name) : undefined;
    if (member === undefined || event.type !== "block-start" || event.block.type !== "tool_use") yield event;
    else yield { ...event, block: { ...event.block, name: member.member, toolsetName: member.toolset } };
  }
}
