import type { Turn } from "../turn/turn.ts";

/** Of a summary, tags included: a few pages, and small beside what it stands for. */
export const SUMMARY_MAX_TOKENS = 4_096;

const REQUEST = [
  "Stop here and write a summary of this conversation. It will take the place of everything above, which you will not see again:",
  "write down all that is needed to go on as if nothing had happened.",
  "Say what the user wants and how; what was done and what came of it; names, paths, numbers, decisions and errors that still matter,",
  "exactly as they are; and what is to be done next.",
  "Do not go on with the work itself and call no tool. Write the summary between <summary> and </summary>.",
].join(" ");

/** The turn that summarizes a conversation: its prompt begins as the turn's own would, so that its computed prefix is used. */
export function toSummaryTurn(turn: Turn, messages: Turn["messages"], instructions: string | null, messageId: string): Turn {
  const { compaction: _done, serverTools: _none, ...same } = turn;
  return {
    ...same,
    messageId,
    previousMessageId: null,
    messages: [...messages, { role: "user", content: [{ type: "text", text: instructions ?? REQUEST }] }],
    toolChoice: { type: "none" },
    thinking: { type: "disabled" },
    outputSchema: null,
    stopSequences: [],
    maxTokens: SUMMARY_MAX_TOKENS,
    contextOverflow: "stop",
  };
}

/** What a model wrote when it was asked for a summary; null: nothing. */
export function readSummary(text: string): string | null {
  const [, inner] = /<summary>(.*?)(?:<\/summary>|$)/s.exec(text) ?? [];
  const summary = (inner ?? text).trim();
  return summary === "" ? null : summary;
}
