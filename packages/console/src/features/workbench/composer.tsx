import { CornerDownLeft, FileText, Paperclip, Square, X } from "lucide-react";
import { type ClipboardEvent, type DragEvent, type KeyboardEvent, type Ref, type SubmitEvent, useRef, useState } from "react";
import { formatBytes } from "../../format/format.ts";
import { Button } from "../../ui/button.tsx";
import { TextArea } from "../../ui/field.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { useToast } from "../../ui/toasts.tsx";
import { type Attachment, readAttachment } from "./attachments.ts";
import type { ReplyBlock } from "./reply.ts";
import { text } from "./text.ts";
import type { Message } from "./use-conversation.ts";

type Call = Extract<ReplyBlock, { type: "tool_use" }>;

/** Where the next message is written; after tool calls, their results. */
export function Composer({
  draft,
  onDraft,
  attachments,
  onAttachments,
  openCalls,
  isRunning,
  isBlocked,
  onSend,
  onStop,
  ref,
}: {
  readonly draft: string;
  readonly onDraft: (draft: string) => void;
  readonly attachments: readonly Attachment[];
  readonly onAttachments: (change: (before: readonly Attachment[]) => readonly Attachment[]) => void;
  readonly openCalls: readonly Call[];
  readonly isRunning: boolean;
  readonly isBlocked: boolean;
  readonly onSend: (message: Message) => void;
  readonly onStop: () => void;
  readonly ref: Ref<HTMLTextAreaElement>;
}) {
  const [results, setResults] = useState<Readonly<Record<string, string>>>({});
  const picker = useRef<HTMLInputElement>(null);
  const toast = useToast();
  const hasSomething = openCalls.length > 0 || draft.trim() !== "" || attachments.length > 0;
  const canSend = hasSomething && !isBlocked && !isRunning;

  function send(): void {
    if (!canSend) return;
    onSend({ text: draft, attachments, results });
    setResults({});
  }

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    send();
  }

  async function attach(files: readonly File[]): Promise<void> {
    for (const file of files) {
      const read = await readAttachment(file);
      if (typeof read === "string") toast(text.unusable[read](file.name));
      else onAttachments((before) => [...before, read]);
    }
  }

  function onKeyDown(event: KeyboardEvent): void {
    // While an input method composes, Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  }

  function onDrop(event: DragEvent): void {
    event.preventDefault();
    void attach([...event.dataTransfer.files]);
  }

  function onPaste(event: ClipboardEvent): void {
    const files = [...event.clipboardData.files];
    if (files.length === 0) return;
    event.preventDefault();
    void attach(files);
  }

  return (
    <form className="panel grid gap-2 p-2.5 shadow-lg shadow-black/4 focus-within:border-line-strong" onSubmit={submit}>
      {openCalls.map(({ id, name }) => (
        <TextArea
          key={id}
          label={text.toolResult(name)}
          placeholder={text.toolResultPlaceholder}
          rows={2}
          className="font-mono text-[0.93rem]"
          value={results[id] ?? ""}
          onChange={(event) => setResults({ ...results, [id]: event.target.value })}
        />
      ))}
      {attachments.length > 0 && (
        <ul aria-label={text.attachments} className="flex flex-wrap gap-2 px-1">
          {attachments.map((attachment) => (
            <li key={attachment.id}>
              <AttachmentChip
                attachment={attachment}
                onRemove={() => onAttachments((before) => before.filter(({ id }) => id !== attachment.id))}
              />
            </li>
          ))}
        </ul>
      )}
      <textarea
        ref={ref}
        dir="auto"
        aria-label={text.message}
        placeholder={text.messagePlaceholder}
        rows={1}
        value={draft}
        onChange={(event) => onDraft(event.target.value)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
        onDragOver={(event) => event.preventDefault()}
        onDrop={onDrop}
        className="field-sizing-content max-h-56 min-h-10 w-full resize-none bg-transparent px-2 py-1.5 outline-none placeholder:text-faint"
      />
      <div className="flex items-center gap-2">
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          aria-label={text.attach}
          onChange={(event) => {
            void attach([...(event.target.files ?? [])]);
            // The same file may be chosen again.
            event.target.value = "";
          }}
        />
        <IconButton icon={Paperclip} label={text.attach} onClick={() => picker.current?.click()} />
        <span className="flex-1 text-[0.86rem] text-faint max-sm:invisible">{text.sendHint}</span>
        {isRunning ? (
          <Button onClick={onStop}>
            <Square size={12} fill="currentColor" aria-hidden />
            {text.stop}
          </Button>
        ) : (
          <Button kind="primary" type="submit" disabled={!canSend}>
            {text.send}
            <CornerDownLeft size={14} aria-hidden />
          </Button>
        )}
      </div>
    </form>
  );
}

/** A file that goes with a message, or went with one. */
export function AttachmentChip({ attachment, onRemove }: { readonly attachment: Attachment; readonly onRemove?: () => void }) {
  const { kind, name, bytes, mediaType, data } = attachment;
  return (
    <span className="inline-flex h-10 max-w-64 items-center gap-2 rounded-lg border border-line bg-sunken ps-1.5 pe-1.5">
      {kind === "image" ? (
        <img src={`data:${mediaType};base64,${data}`} alt="" className="size-7 rounded-md object-cover" />
      ) : (
        <FileText size={17} className="ms-1 shrink-0 text-muted" aria-hidden />
      )}
      <span className="min-w-0 truncate">{name}</span>
      <span className="text-[0.86rem] whitespace-nowrap text-muted">{formatBytes(bytes)}</span>
      {onRemove && <IconButton icon={X} label={text.removeAttachment(name)} className="size-6" onClick={onRemove} />}
    </span>
  );
}
