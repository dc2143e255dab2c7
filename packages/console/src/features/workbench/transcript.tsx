import { memo, type ReactNode, useEffect, useRef } from "react";
import { CodeBlock } from "../../ui/code-block.tsx";
import { AttachmentChip } from "./composer.tsx";
import { beginReply, type Reply } from "./reply.ts";
import { createReplyStore, type ReplyStore, useGrowingReply } from "./reply-store.ts";
import { ReplyView } from "./reply-view.tsx";
import type { UserTurn } from "./settings.ts";
import { text } from "./text.ts";

/** How near the end a reader still follows it. */
const FOLLOW_PX = 80;

/** The conversation. It stays at its end while it grows, unless the reader has scrolled away. */
export function Transcript({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const isFollowing = useRef(true);
  useEffect(() => {
    if (!box.current || !content.current) return undefined;
    const at = box.current;
    const observer = new ResizeObserver(() => {
      if (isFollowing.current) at.scrollTop = at.scrollHeight;
    });
    observer.observe(at);
    observer.observe(content.current);
    return () => observer.disconnect();
  }, []);
  return (
    <div
      ref={box}
      role="log"
      aria-label={label}
      tabIndex={0}
      onScroll={({ currentTarget: at }) => {
        isFollowing.current = at.scrollHeight - at.scrollTop - at.clientHeight < FOLLOW_PX;
      }}
      className="min-h-0 flex-1 overflow-y-auto -outline-offset-2"
    >
      <div ref={content} className="mx-auto w-full max-w-3xl space-y-6 px-4 py-6 sm:px-6">
        {children}
      </div>
    </div>
  );
}

/** What the model said, or is saying: then it is drawn from `growing`, by itself. */
export const AssistantTurn = memo(function AssistantTurn({
  reply,
  growing,
  isRunning,
}: {
  readonly reply: Reply | null;
  readonly growing: ReplyStore | null;
  readonly isRunning: boolean;
}) {
  const grown = useGrowingReply(growing ?? NOTHING_GROWS);
  const shown = reply ?? grown;
  if (!isRunning && (shown === null || shown.blocks.length === 0)) return null;
  return (
    <Said by={text.assistant}>
      <ReplyView reply={shown ?? NOT_BEGUN} isRunning={isRunning} />
    </Said>
  );
});

const NOTHING_GROWS = createReplyStore();
const NOT_BEGUN = beginReply(0);

export const UserTurnView = memo(function UserTurnView({ turn }: { readonly turn: UserTurn }) {
  return (
    <Said by={text.you}>
      {turn.results.map(({ id, content }) => (
        <CodeBlock key={id} code={content} label={text.resultLabel} className="mb-2" />
      ))}
      {turn.attachments && turn.attachments.length > 0 && (
        <ul className="mb-2 flex flex-wrap gap-2">
          {turn.attachments.map((attachment) => (
            <li key={attachment.id}>
              <AttachmentChip attachment={attachment} />
            </li>
          ))}
        </ul>
      )}
      {turn.text.trim() !== "" && (
        <div dir="auto" className="w-fit max-w-full rounded-xl bg-hover px-4 py-2.5 break-words whitespace-pre-wrap">
          {turn.text}
        </div>
      )}
    </Said>
  );
});

function Said({ by, children }: { readonly by: string; readonly children: ReactNode }) {
  return (
    <section aria-label={by}>
      <h2 className="mb-1.5 text-[0.86rem] font-medium text-faint">{by}</h2>
      {children}
    </section>
  );
}
