import type { ModelInfo } from "@parley/wire";
import { Link } from "@tanstack/react-router";
import { ArrowRight, Send, Square } from "lucide-react";
import { type SubmitEvent, useState } from "react";
import { pickModel } from "../../api/models.ts";
import { formatWhole } from "../../format/format.ts";
import { Button, buttonClass } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { TextField } from "../../ui/field.tsx";
import { useGrowingReply } from "../workbench/reply-store.ts";
import { useReply } from "../workbench/use-reply.ts";
import { text } from "./text.ts";

const TOKENS_MAX = 300;

export function FirstReply({
  models,
  onReply,
}: {
  readonly models: readonly ModelInfo[] | undefined;
  readonly onReply: () => void;
}) {
  const [prompt, setPrompt] = useState(text.firstPrompt);
  const { growing, isRunning, error, run, stop } = useReply();
  const reply = useGrowingReply(growing);
  // The smallest answers first.
  const model = pickModel(models, "haiku")?.id;
  const shown = reply?.blocks.map((block) => (block.type === "text" ? block.text : "")).join("") ?? "";

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    if (model === undefined) return;
    void run({ model, max_tokens: TOKENS_MAX, messages: [{ role: "user", content: prompt }] }, null).then((done) => {
      if (done) onReply();
    });
  }

  if (models?.length === 0) return <p>{text.noModel}</p>;
  return (
    <div className="grid gap-3">
      <form className="flex items-end gap-2" onSubmit={submit}>
        <div className="min-w-0 flex-1">
          <TextField
            label={text.prompt}
            isLabelHidden
            required
            value={prompt}
            onChange={(event) => setPrompt(event.target.value)}
          />
        </div>
        {isRunning ? (
          <Button className="h-9.5" onClick={stop}>
            <Square size={13} fill="currentColor" aria-hidden />
            {text.stop}
          </Button>
        ) : (
          <Button className="h-9.5" kind="primary" type="submit" disabled={model === undefined}>
            <Send size={14} aria-hidden />
            {text.send}
          </Button>
        )}
      </form>
      {(reply || isRunning) && (
        <div
          dir="auto"
          aria-live="polite"
          aria-busy={isRunning}
          className="rounded-lg bg-sunken p-3.5 break-words whitespace-pre-wrap"
        >
          {shown === "" && isRunning ? <span className="text-muted">{text.waiting} </span> : shown}
          {isRunning && <span className="caret" aria-hidden />}
        </div>
      )}
      {error ? <ErrorNote error={error} /> : null}
      {reply?.endedAtMs && !error && (
        <div className="flex flex-wrap items-center justify-between gap-3">
          <span className="text-[0.93rem] text-muted tabular-nums">
            {text.figures(formatWhole(reply.outputTokens), ((reply.endedAtMs - reply.startedAtMs) / 1000).toFixed(1))}
          </span>
          <Link to="/workbench" className={buttonClass("secondary", "small")}>
            {text.openWorkbench}
            <ArrowRight size={14} aria-hidden />
          </Link>
        </div>
      )}
    </div>
  );
}
