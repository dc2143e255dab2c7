import type { Workspace } from "@parley/wire";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { createWorkspace, updateWorkspace, WORKSPACES } from "../../api/workspaces.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { TextField } from "../../ui/field.tsx";
import { text as uiText } from "../../ui/text.ts";
import { useToast } from "../../ui/toasts.tsx";
import { text } from "./text.ts";

const NAME_MAX = 40;

/** Makes a workspace, or renames the one that is given. */
export function WorkspaceDialog({ workspace, onClose }: { readonly workspace: Workspace | null; readonly onClose: () => void }) {
  const [name, setName] = useState(workspace?.name ?? "");
  const queryClient = useQueryClient();
  const toast = useToast();
  const save = useMutation({
    mutationFn: () => (workspace ? updateWorkspace(workspace.id, name.trim()) : createWorkspace(name.trim())),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: WORKSPACES });
      toast(workspace ? text.renamed : text.made);
      onClose();
    },
  });

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    save.mutate();
  }

  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={workspace ? text.renameTitle : text.createTitle}
      actions={
        <>
          <Button onClick={onClose}>{uiText.cancel}</Button>
          <Button kind="primary" type="submit" form="workspace" isBusy={save.isPending}>
            {workspace ? text.save : text.create}
          </Button>
        </>
      }
    >
      <form id="workspace" className="grid gap-4" onSubmit={submit}>
        <TextField
          label={text.name}
          hint={text.nameHint}
          required
          maxLength={NAME_MAX}
          autoFocus
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        {save.error && <ErrorNote error={save.error} />}
      </form>
    </Dialog>
  );
}
