import type { Turn } from "../../turn/turn.ts";

/** What a model reads of each tool's result in a turn; of what is no text its kind. */
export function resultTexts(turn: Turn | undefined): string[] {
  return (turn?.messages ?? [])
    .flatMap(({ role, content }) => (role === "user" ? content : []))
    .flatMap((block) =>
      block.type === "tool_result" ? [block.content.map((each) => (each.type === "text" ? each.text : each.type)).join("|")] : [],
    );
}
