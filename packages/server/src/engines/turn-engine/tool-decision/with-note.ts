import type { Turn, TurnMessage } from "../../../turn/turn.ts";

/** The turn with a text of ours behind its last user message. */
export function withNote(turn: Turn, note: string): Turn {
  const at = turn.messages.findLastIndex(({ role }) => role === "user");
  const messages = turn.messages.map((message, index): TurnMessage =>
    index === at && message.role === "user"
      ? { ...message, content: [...message.content, { type: "text", text: note }] }
      : message,
  );
  return { ...turn, messages };
}
