import { CornerDownLeft, Square } from "lucide-react";
import { type KeyboardEvent, type Ref, type SubmitEvent, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { TextArea } from "../../ui/field.tsx";
import type { ReplyBlock } from "./reply.ts";
import type { ToolResult } from "./settings.ts";
import { text } from "./text.ts";

type Call = Extract<ReplyBlock, { type: "tool_use" }>;

/** Where the next message is written; after tool calls, their results. */
export function Composer({
  draft,
  onDraft,
  openCalls,
  isRunning,
  isBlocked,
  onSend,
  onStop,
  ref,
}: {
  readonly draft: string;
  readonly onDraft: (draft: string) => void;
  readonly openCalls: readonly Call[];
  readonly isRunning: boolean;
  readonly isBlocked: boolean;
  readonly onSend: (text: string, results: readonly ToolResult[]) => void;
  readonly onStop: () => void;
  readonly ref: Ref<HTMLTextAreaElement>;
}) {
  const [results, setResults] = useState<Readonly<Record<string, string>>>({});
  const hasSomething = openCalls.length > 0 || draft.trim() !== "";
  const canSend = hasSomething && !isBlocked && !isRunning;

  function send(): void {
    if (!canSend) return;
    onSend(
      draft,
      openCalls.map(({ id }) => ({ id, content: results[id] ?? "" })),
    );
    setResults({});
  }

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    send();
  }

  function onKeyDown(event: KeyboardEvent): void {
    // While an input method composes, Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
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
      <textarea
        ref={ref}
        dir="auto"
        aria-label={text.message}
        placeholder={text.messagePlaceholder}
        rows={1}
        value={draft}
        onChange={(event) => onDraft(event.target.value)}
        onKeyDown={onKeyDown}
        className="field-sizing-content max-h-56 min-h-10 w-full resize-none bg-transparent px-2 py-1.5 outline-none placeholder:text-faint"
      />
      <div className="flex items-center justify-between gap-3">
        <span className="px-2 text-[0.86rem] text-faint max-sm:invisible">{text.sendHint}</span>
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
