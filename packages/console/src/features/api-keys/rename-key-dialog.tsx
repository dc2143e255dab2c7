import type { ApiKey } from "@parley/wire";
import { useState } from "react";
import { TextField } from "../../ui/field.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { text } from "./text.ts";
import { useUpdateKey } from "./use-update-key.ts";

export function RenameKeyDialog({ apiKey, onClose }: { readonly apiKey: ApiKey; readonly onClose: () => void }) {
  const [name, setName] = useState(apiKey.name);
  const update = useUpdateKey();
  function rename(): void {
    update.mutate({ id: apiKey.id, change: { name: name.trim() }, said: text.renamed });
    onClose();
  }
  return (
    <FormDialog title={text.renameTitle} action={text.save} onClose={onClose} onSubmit={rename}>
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
