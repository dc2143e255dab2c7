import { useRef, useState } from "react";
import type { Attachment } from "./attachments.ts";
import { openCallsOf, type Settings, toRequest, type ToolResult, type Turn, type UserTurn } from "./settings.ts";
import { endReply } from "./reply.ts";
import { useReply } from "./use-reply.ts";
import type { Values } from "./variables.ts";

export interface Message {
  readonly text: string;
  readonly attachments: readonly Attachment[];
  /** By the call's id. */
  readonly results: Readonly<Record<string, string>>;
}

export type Conversation = ReturnType<typeof useConversation>;

/** A conversation with one model: what was said, what is being said, and how to go on. `begun` is what it begins with. */
export function useConversation(
  settings: Settings,
  workspaceId: string | null,
  values: Values,
  begun: readonly Turn[] = NOTHING_SAID,
) {
  const [turns, setTurns] = useState(begun);
  /** Of the reply that comes, so that it stays what it is once it is there: nothing of it is drawn a second time. */
  const [replyId, setReplyId] = useState(-1);
  const { growing, error, isRunning, run, stop, clear } = useReply();
  const nextId = useRef(idBehind(begun));

  async function ask(conversation: readonly Turn[]): Promise<void> {
    const id = nextId.current++;
    setTurns(conversation);
    setReplyId(id);
    const done = await run(toRequest(settings, conversation, values), workspaceId);
    // A reply that was stopped before its first word says nothing.
    if (done && done.blocks.length > 0) setTurns([...conversation, { id, role: "assistant", reply: done }]);
  }

  return {
    turns,
    growing,
    replyId,
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
      nextId.current = idBehind(conversation);
      setTurns(conversation);
    },
    /** All that was said, the reply that is being written as far as it came. */
    said(): readonly Turn[] {
      const reply = growing.get();
      if (!reply || reply.blocks.length === 0 || turns.some(({ id }) => id === replyId)) return turns;
      return [...turns, { id: replyId, role: "assistant", reply: endReply(reply, performance.now()) }];
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

const NOTHING_SAID: readonly Turn[] = [];

const idBehind = (turns: readonly Turn[]): number => Math.max(-1, ...turns.map(({ id }) => id)) + 1;
