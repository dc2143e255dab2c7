import type { ConsoleApiKeyCreated } from "@parley/wire";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { API_KEYS, createApiKey } from "../../api/api-keys.ts";
import { useWorkspaces } from "../../api/workspaces.ts";
import { useConfirmed } from "../../app/reauthentication.tsx";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { text as uiText } from "../../ui/text.ts";
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
  if (created) return <CreatedDialog created={created} onClose={onClose} />;
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

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    create.mutate();
  }

  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={text.createTitle}
      actions={
        <>
          <Button onClick={onClose}>{uiText.cancel}</Button>
          <Button kind="primary" type="submit" form="create-key" isBusy={create.isPending}>
            {text.create}
          </Button>
        </>
      }
    >
      <form id="create-key" className="grid gap-4" onSubmit={submit}>
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
        {create.error && <ErrorNote error={create.error} />}
      </form>
    </Dialog>
  );
}

function CreatedDialog({ created, onClose }: { readonly created: ConsoleApiKeyCreated; readonly onClose: () => void }) {
  return (
    <Dialog
      isOpen
      isSticky
      onClose={onClose}
      title={text.createdTitle}
      description={text.createdAbout}
      actions={
        <>
          <Button onClick={onClose}>{text.done}</Button>
          <CopyButton value={created.secret} label={text.copyKey} hasText />
        </>
      }
    >
      <p
        aria-label={text.keyLabel}
        role="region"
        tabIndex={0}
        className="rounded-lg border border-line bg-sunken p-3 font-mono text-[0.93rem] break-all select-all"
      >
        {created.secret}
      </p>
    </Dialog>
  );
}
