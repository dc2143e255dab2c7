import type { AssistantBlock, TurnMessage } from "../turn/turn.ts";
import { mergeMessages } from "./to-messages.ts";

/**
 * Thinking belongs to the turn that it was for: the platform shows a model its thinking again inside a tool loop and
 * drops it once the user has said something new. A user message with a tool result goes on with the turn, also when the
 * client has put a text (a reminder, a correction) beside the result.
 */
export function withoutPastThinking(messages: readonly TurnMessage[]): TurnMessage[] {
  const lastQuestion = messages.findLastIndex(
    (message) => message.role === "user" && message.content.every((block) => block.type !== "tool_result"),
  );
  return clearThinking(messages, (at) => at < lastQuestion);
}

/** Without the thinking of the assistant messages that `clears` names. */
export function clearThinking(messages: readonly TurnMessage[], clears: (at: number) => boolean): TurnMessage[] {
  return mergeMessages(
    messages.map((message, at) =>
      message.role === "assistant" && clears(at)
        ? { role: "assistant", content: message.content.filter((block) => !isThinking(block)) }
        : message,
    ),
  );
}

export function isThinking(block: AssistantBlock): boolean {
  return block.type === "thinking" || block.type === "redacted_thinking";
}
