import type { Workspace } from "@parley/wire";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { createWorkspace, updateWorkspace, WORKSPACES } from "../../api/workspaces.ts";
import { useRowChange } from "../../app/use-row-change.ts";
import { TextField } from "../../ui/field.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { useToast } from "../../ui/toasts.tsx";
import { text } from "./text.ts";

const NAME_MAX = 40;

export function CreateWorkspaceDialog({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState("");
  const queryClient = useQueryClient();
  const toast = useToast();
  const create = useMutation({
    mutationFn: () => createWorkspace(name.trim()),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: WORKSPACES });
      toast(text.made);
      onClose();
    },
  });
  return (
    <FormDialog
      title={text.createTitle}
      action={text.create}
      isBusy={create.isPending}
      error={create.error}
      onClose={onClose}
      onSubmit={() => create.mutate()}
    >
      <NameField name={name} onName={setName} />
    </FormDialog>
  );
}

export function RenameWorkspaceDialog({ workspace, onClose }: { readonly workspace: Workspace; readonly onClose: () => void }) {
  const [name, setName] = useState(workspace.name);
  const rename = useRowChange<Workspace, string>({
    topic: WORKSPACES,
    run: (next) => updateWorkspace(workspace.id, next),
    said: () => text.renamed,
    ahead: (next) => ({ id: workspace.id, fields: { name: next } }),
  });
  return (
    <FormDialog
      title={text.renameTitle}
      action={text.save}
      onClose={onClose}
      onSubmit={() => {
        rename.mutate(name.trim());
        onClose();
      }}
    >
      <NameField name={name} onName={setName} />
    </FormDialog>
  );
}

function NameField({ name, onName }: { readonly name: string; readonly onName: (name: string) => void }) {
  return (
    <TextField
      label={text.name}
      hint={text.nameHint}
      required
      maxLength={NAME_MAX}
      autoFocus
      value={name}
      onChange={(event) => onName(event.target.value)}
    />
  );
}
