import type { ConsolePrompt, ConsolePromptSummary } from "@parley/wire";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { BookMarked, Trash2 } from "lucide-react";
import { useState } from "react";
import { deletePrompt, PROMPTS, promptQuery, promptsQuery } from "../../api/prompts.ts";
import { ChangeDialog } from "../../app/change-dialog.tsx";
import { formatRelative } from "../../format/format.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { text } from "./text.ts";

/** The workspace's saved prompts, to open one or throw one away. */
export function PromptsDialog({
  workspaceId,
  onOpen,
  onDeleted,
  onClose,
}: {
  readonly workspaceId: string | null;
  readonly onOpen: (prompt: ConsolePrompt) => void;
  readonly onDeleted: (id: string) => void;
  readonly onClose: () => void;
}) {
  const queryClient = useQueryClient();
  const [leaving, setLeaving] = useState<ConsolePromptSummary | null>(null);
  const prompts = useQuery(promptsQuery(workspaceId));
  const open = useMutation({
    mutationFn: (id: string) => queryClient.fetchQuery(promptQuery(workspaceId, id)),
    onSuccess: onOpen,
  });
  const error = prompts.error ?? open.error;
  return (
    <Dialog isOpen onClose={onClose} title={text.prompts} description={text.promptsAbout}>
      {error && <ErrorNote error={error} />}
      {prompts.isPending && <SkeletonRows rows={3} />}
      {prompts.data?.length === 0 && (
        <EmptyState icon={BookMarked} title={text.noPromptsTitle}>
          {text.noPrompts}
        </EmptyState>
      )}
      <ul className="max-h-[50dvh] divide-y divide-line overflow-y-auto">
        {prompts.data?.map((prompt) => (
          <li key={prompt.id} className="flex items-center gap-1">
            <button
              type="button"
              className="min-w-0 flex-1 rounded-lg px-2.5 py-2 text-start hover:bg-hover"
              disabled={open.isPending}
              onClick={() => open.mutate(prompt.id)}
            >
              <span className="block truncate font-medium">{prompt.name}</span>
              <span className="text-[0.93rem] text-muted">
                {text.promptLine(prompt.version, formatRelative(prompt.updated_at))}
              </span>
            </button>
            <IconButton icon={Trash2} label={text.deletePrompt(prompt.name)} onClick={() => setLeaving(prompt)} />
          </li>
        ))}
      </ul>
      {leaving && (
        <ChangeDialog
          topic={PROMPTS}
          run={() => deletePrompt(workspaceId, leaving.id)}
          said={text.promptDeleted}
          ahead={{ id: leaving.id, fields: null }}
          title={text.deletePromptTitle(leaving.name)}
          action={text.delete}
          onDone={() => onDeleted(leaving.id)}
          onClose={() => setLeaving(null)}
        >
          {text.deletePromptAbout}
        </ChangeDialog>
      )}
    </Dialog>
  );
}
