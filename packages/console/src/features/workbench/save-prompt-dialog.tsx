import type { ConsolePrompt, ConsolePromptContent } from "@parley/wire";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { createPrompt } from "../../api/prompts.ts";
import { TextField } from "../../ui/field.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { text } from "./text.ts";

const NAME_MAX = 120;

/** Gives what stands in the Workbench a name. */
export function SavePromptDialog({
  workspaceId,
  content,
  onSaved,
  onClose,
}: {
  readonly workspaceId: string | null;
  readonly content: ConsolePromptContent;
  readonly onSaved: (prompt: ConsolePrompt) => void;
  readonly onClose: () => void;
}) {
  const [name, setName] = useState("");
  const save = useMutation({
    mutationFn: () => createPrompt(workspaceId, { name: name.trim(), content }),
    onSuccess: onSaved,
  });
  return (
    <FormDialog
      title={text.saveTitle}
      description={text.saveAbout}
      action={text.save}
      isBusy={save.isPending}
      error={save.error}
      onClose={onClose}
      onSubmit={() => save.mutate()}
    >
      <TextField
        label={text.promptName}
        required
        maxLength={NAME_MAX}
        autoFocus
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
    </FormDialog>
  );
}
