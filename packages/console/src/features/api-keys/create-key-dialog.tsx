import type { ConsoleApiKeyCreated } from "@parley/wire";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { API_KEYS, createApiKey } from "../../api/api-keys.ts";
import { useWorkspaces } from "../../api/workspaces.ts";
import { useConfirmed } from "../../app/reauthentication.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { SecretDialog } from "../../ui/secret-dialog.tsx";
import { text } from "./text.ts";

const DAY_MS = 86_400_000;

/** Makes a key, then shows it this once. */
export function CreateKeyDialog({
  onClose,
  onCreated,
}: {
  readonly onClose: () => void;
  readonly onCreated?: (created: ConsoleApiKeyCreated) => void;
}) {
  const [created, setCreated] = useState<ConsoleApiKeyCreated | null>(null);
  if (created) {
    return (
      <SecretDialog
        title={text.createdTitle}
        description={text.createdAbout}
        secret={created.secret}
        label={text.keyLabel}
        copyLabel={text.copyKey}
        doneLabel={text.done}
        onClose={onClose}
      />
    );
  }
  return (
    <NewKeyDialog
      onClose={onClose}
      onCreated={(fresh) => {
        setCreated(fresh);
        onCreated?.(fresh);
      }}
    />
  );
}

function NewKeyDialog({
  onClose,
  onCreated,
}: {
  readonly onClose: () => void;
  readonly onCreated: (created: ConsoleApiKeyCreated) => void;
}) {
  const [name, setName] = useState("");
  const [workspaceId, setWorkspaceId] = useState("");
  const [expiry, setExpiry] = useState("never");
  const workspaces = useWorkspaces();
  const queryClient = useQueryClient();
  const confirmed = useConfirmed();
  const create = useMutation({
    mutationFn: () =>
      confirmed(() =>
        createApiKey({
          name: name.trim(),
          workspace_id: workspaceId === "" ? (workspaces.at(-1)?.id ?? null) : workspaceId,
          expires_at: expiry === "never" ? null : new Date(Date.now() + Number(expiry) * DAY_MS).toISOString(),
        }),
      ),
    onSuccess: (fresh) => {
      onCreated(fresh);
      void queryClient.invalidateQueries({ queryKey: API_KEYS });
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
      <TextField
        label={text.name}
        hint={text.nameHint}
        placeholder={text.namePlaceholder}
        required
        maxLength={500}
        autoFocus
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      {workspaces.length > 1 && (
        <SelectField
          label={text.workspace}
          choices={workspaces.map((each) => ({ value: each.id, label: each.name }))}
          value={workspaceId === "" ? (workspaces.at(-1)?.id ?? "") : workspaceId}
          onChange={(event) => setWorkspaceId(event.target.value)}
        />
      )}
      <SelectField
        label={text.expires}
        choices={["never", "7", "30", "90", "365"].map((value) => ({ value, label: text.expiries[value] ?? value }))}
        value={expiry}
        onChange={(event) => setExpiry(event.target.value)}
      />
    </FormDialog>
  );
}
