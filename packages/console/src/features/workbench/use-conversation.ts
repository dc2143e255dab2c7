import { useRef, useState } from "react";
import type { Attachment } from "./attachments.ts";
import { openCallsOf, type Settings, toRequest, type ToolResult, type Turn, type UserTurn } from "./settings.ts";
import { useReply } from "./use-reply.ts";
import type { Values } from "./variables.ts";

export interface Message {
  readonly text: string;
  readonly attachments: readonly Attachment[];
  /** By the call's id. */
  readonly results: Readonly<Record<string, string>>;
}

export type Conversation = ReturnType<typeof useConversation>;

/** A conversation with one model: what was said, what is being said, and how to go on. */
export function useConversation(settings: Settings, workspaceId: string | null, values: Values) {
  const [turns, setTurns] = useState<readonly Turn[]>([]);
  const { reply, error, isRunning, run, stop, clear } = useReply();
  const nextId = useRef(0);

  async function ask(conversation: readonly Turn[]): Promise<void> {
    setTurns(conversation);
    const done = await run(toRequest(settings, conversation, values), workspaceId);
    // A reply that was stopped before its first word says nothing.
    if (!done || done.blocks.length === 0) return;
    setTurns([...conversation, { id: nextId.current++, role: "assistant", reply: done }]);
    clear();
  }

  return {
    turns,
    reply,
    error,
    isRunning,
    openCalls: openCallsOf(turns),
    stop,
    send({ text, attachments, results }: Message): void {
      const answered: ToolResult[] = openCallsOf(turns).map(({ id }) => ({ id, content: results[id] ?? "" }));
      void ask([...turns, { id: nextId.current++, role: "user", text, results: answered, attachments }]);
    },
    askAgain: () => void ask(turns),
    startWith(conversation: readonly Turn[]): void {
      clear();
      nextId.current = Math.max(-1, ...conversation.map(({ id }) => id)) + 1;
      setTurns(conversation);
    },
    /** Back to before the last message, which is handed out. */
    takeBack(): UserTurn | null {
      const last = turns.findLastIndex((turn) => turn.role === "user");
      const turn = turns[last];
      if (turn?.role !== "user") return null;
      clear();
      setTurns(turns.slice(0, last));
      return turn;
    },
  };
}
