import type { ApiKey } from "@parley/wire";
import { type SubmitEvent, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { TextField } from "../../ui/field.tsx";
import { text as uiText } from "../../ui/text.ts";
import { text } from "./text.ts";
import { useUpdateKey } from "./use-update-key.ts";

export function RenameKeyDialog({ apiKey, onClose }: { readonly apiKey: ApiKey; readonly onClose: () => void }) {
  const [name, setName] = useState(apiKey.name);
  const update = useUpdateKey();

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    update.mutate({ id: apiKey.id, change: { name: name.trim() }, said: text.renamed }, { onSuccess: onClose });
  }

  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={text.renameTitle}
      actions={
        <>
          <Button onClick={onClose}>{uiText.cancel}</Button>
          <Button kind="primary" type="submit" form="rename-key" isBusy={update.isPending}>
            {text.save}
          </Button>
        </>
      }
    >
      <form id="rename-key" className="grid gap-4" onSubmit={submit}>
        <TextField
          label={text.name}
          required
          maxLength={500}
          autoFocus
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        {update.error && <ErrorNote error={update.error} />}
      </form>
    </Dialog>
  );
}
