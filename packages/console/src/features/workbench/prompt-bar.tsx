import type { ConsolePrompt, ConsolePromptCase, ConsolePromptContent } from "@parley/wire";
import { useMutation } from "@tanstack/react-query";
import { BookMarked, Save } from "lucide-react";
import { useState } from "react";
import { openVersion } from "../../api/prompts.ts";
import { formatRelative } from "../../format/format.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { SelectField } from "../../ui/field.tsx";
import { useToast } from "../../ui/toasts.tsx";
import { PromptsDialog } from "./prompts-dialog.tsx";
import { SavePromptDialog } from "./save-prompt-dialog.tsx";
import { text } from "./text.ts";
import type { SavedPrompt } from "./use-saved-prompt.ts";

/** Which saved prompt this is, in which version, and how to keep what it has become. */
export function PromptBar({
  saved,
  workspaceId,
  content,
  onContent,
  onCases,
}: {
  readonly saved: SavedPrompt;
  readonly workspaceId: string | null;
  /** As it would be saved now. */
  readonly content: ConsolePromptContent;
  readonly onContent: (content: ConsolePromptContent) => void;
  readonly onCases: (cases: readonly ConsolePromptCase[]) => void;
}) {
  const [dialog, setDialog] = useState<"open" | "save" | null>(null);
  const toast = useToast();
  const { prompt, version } = saved;

  function open(opened: ConsolePrompt): void {
    saved.open(opened);
    onContent(opened.content);
    onCases(opened.cases);
    setDialog(null);
  }
  const reopen = useMutation({
    mutationFn: ({ id, wanted }: { readonly id: string; readonly wanted: number }) => openVersion(workspaceId, id, wanted),
    onSuccess: open,
  });
  const error = saved.save.error ?? reopen.error;

  return (
    <section aria-label={text.prompt} className="grid gap-2">
      <div className="flex items-center gap-2">
        <h2 className="min-w-0 flex-1 truncate font-medium">{prompt?.name ?? text.unsaved}</h2>
        <Button size="small" onClick={() => setDialog("open")}>
          <BookMarked size={14} aria-hidden />
          {text.openPrompt}
        </Button>
        <Button
          size="small"
          isBusy={saved.save.isPending}
          onClick={() =>
            prompt
              ? saved.save.mutate({ id: prompt.id, content }, { onSuccess: () => toast(text.savedVersion) })
              : setDialog("save")
          }
        >
          <Save size={14} aria-hidden />
          {text.save}
        </Button>
      </div>
      {prompt && (
        <SelectField
          label={text.version}
          isLabelHidden
          choices={prompt.versions.map((each) => ({
            value: String(each.version),
            label: text.versionLine(each.version, formatRelative(each.created_at)),
          }))}
          value={String(version ?? "")}
          onChange={(event) => reopen.mutate({ id: prompt.id, wanted: Number(event.target.value) })}
        />
      )}
      {error && <ErrorNote error={error} />}
      {dialog === "open" && (
        <PromptsDialog
          workspaceId={workspaceId}
          onOpen={open}
          onDeleted={(id) => id === prompt?.id && saved.close()}
          onClose={() => setDialog(null)}
        />
      )}
      {dialog === "save" && (
        <SavePromptDialog
          workspaceId={workspaceId}
          content={content}
          onSaved={(made) => {
            open(made);
            toast(text.saved);
          }}
          onClose={() => setDialog(null)}
        />
      )}
    </section>
  );
}
