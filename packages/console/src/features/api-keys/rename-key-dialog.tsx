import type { ApiKey } from "@parley/wire";
import { useState } from "react";
import { TextField } from "../../ui/field.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { text } from "./text.ts";
import { useUpdateKey } from "./use-update-key.ts";

export function RenameKeyDialog({ apiKey, onClose }: { readonly apiKey: ApiKey; readonly onClose: () => void }) {
  const [name, setName] = useState(apiKey.name);
  const update = useUpdateKey();
  const rename = () =>
    update.mutate({ id: apiKey.id, change: { name: name.trim() }, said: text.renamed }, { onSuccess: onClose });
  return (
    <FormDialog
      title={text.renameTitle}
      action={text.save}
      isBusy={update.isPending}
      error={update.error}
      onClose={onClose}
      onSubmit={rename}
    >
      <TextField
        label={text.name}
        required
        maxLength={500}
        autoFocus
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
    </FormDialog>
  );
}
