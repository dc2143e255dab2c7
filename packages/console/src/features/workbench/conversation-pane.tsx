import type { ReactNode } from "react";
import { Undo2 } from "lucide-react";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { beginReply } from "./reply.ts";
import { ReplyView } from "./reply-view.tsx";
import { text } from "./text.ts";
import { Said, Transcript, TurnView } from "./transcript.tsx";
import type { Conversation } from "./use-conversation.ts";

/** One conversation, with what is being said and what went wrong. */
export function ConversationPane({
  label,
  conversation: { turns, reply, error, isRunning, askAgain },
  onTakeBack,
  children,
}: {
  readonly label: string;
  readonly conversation: Conversation;
  readonly onTakeBack: () => void;
  /** Before the first word. */
  readonly children?: ReactNode;
}) {
  return (
    <Transcript label={label}>
      {turns.length === 0 && !isRunning && !error && children}
      {turns.map((turn) => (
        <TurnView key={turn.id} turn={turn} />
      ))}
      {isRunning && (
        <Said by={text.assistant}>
          <ReplyView reply={reply ?? beginReply(0)} isRunning />
        </Said>
      )}
      {error ? (
        <>
          {reply && reply.blocks.length > 0 && (
            <Said by={text.assistant}>
              <ReplyView reply={reply} isRunning={false} />
            </Said>
          )}
          <ErrorNote error={error} onRetry={askAgain} />
        </>
      ) : null}
      {!isRunning && turns.length > 0 && (
        <div>
          <Button kind="quiet" size="small" onClick={onTakeBack}>
            <Undo2 size={14} aria-hidden />
            {text.edit}
          </Button>
        </div>
      )}
    </Transcript>
  );
}
