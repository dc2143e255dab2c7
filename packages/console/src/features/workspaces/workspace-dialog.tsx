import type { Workspace } from "@parley/wire";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { createWorkspace, updateWorkspace, WORKSPACES } from "../../api/workspaces.ts";
import { TextField } from "../../ui/field.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
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

  return (
    <FormDialog
      title={workspace ? text.renameTitle : text.createTitle}
      action={workspace ? text.save : text.create}
      isBusy={save.isPending}
      error={save.error}
      onClose={onClose}
      onSubmit={() => save.mutate()}
    >
      <TextField
        label={text.name}
        hint={text.nameHint}
        required
        maxLength={NAME_MAX}
        autoFocus
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
    </FormDialog>
  );
}
