import type { ConsoleApiKeyCreated } from "@parley/wire";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { API_KEYS, createApiKey } from "../../api/api-keys.ts";
import { useWorkspaces } from "../../api/workspaces.ts";
import { WorkspaceField } from "../../app/workspace-field.tsx";
import { useConfirmed } from "../../app/reauthentication.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { NewSecret } from "./new-secret.tsx";
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
  if (created) return <NewSecret created={created} onClose={onClose} />;
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
  const [chosen, setChosen] = useState<string | null>(null);
  const [expiry, setExpiry] = useState("never");
  // The default workspace stands last.
  const defaultId = useWorkspaces().at(-1)?.id ?? null;
  const workspaceId = chosen ?? defaultId;
  const queryClient = useQueryClient();
  const confirmed = useConfirmed();
  const create = useMutation({
    mutationFn: () =>
      confirmed(() =>
        createApiKey({
          name: name.trim(),
          workspace_id: workspaceId,
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
      <WorkspaceField value={workspaceId} onChange={setChosen} />
      <SelectField
        label={text.expires}
        choices={["never", "7", "30", "90", "365"].map((value) => ({ value, label: text.expiries[value] ?? value }))}
        value={expiry}
        onChange={(event) => setExpiry(event.target.value)}
      />
    </FormDialog>
  );
}
