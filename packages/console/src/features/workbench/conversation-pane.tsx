import type { ReactNode } from "react";
import { Undo2 } from "lucide-react";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { text } from "./text.ts";
import { AssistantTurn, Transcript, UserTurnView } from "./transcript.tsx";
import type { Conversation } from "./use-conversation.ts";

/** One conversation, with what is being said and what went wrong. */
export function ConversationPane({
  label,
  conversation: { turns, growing, replyId, error, isRunning, askAgain },
  onTakeBack,
  children,
}: {
  readonly label: string;
  readonly conversation: Conversation;
  readonly onTakeBack: () => void;
  /** Before the first word. */
  readonly children?: ReactNode;
}) {
  const said = turns.map((turn) =>
    turn.role === "user" ? (
      <UserTurnView key={turn.id} turn={turn} />
    ) : (
      <AssistantTurn key={turn.id} reply={turn.reply} growing={null} isRunning={false} />
    ),
  );
  // Under the key that it keeps once it is whole.
  if (isRunning || error) said.push(<AssistantTurn key={replyId} reply={null} growing={growing} isRunning={isRunning} />);
  return (
    <Transcript label={label}>
      {turns.length === 0 && !isRunning && !error && children}
      {said}
      {error ? <ErrorNote error={error} onRetry={askAgain} /> : null}
      {!isRunning && turns.length > 0 && (
        <div className="-ms-2.5">
          <Button kind="quiet" size="small" onClick={onTakeBack}>
            <Undo2 size={14} aria-hidden />
            {text.edit}
          </Button>
        </div>
      )}
    </Transcript>
  );
}
