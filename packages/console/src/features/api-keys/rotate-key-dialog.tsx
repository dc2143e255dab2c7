import type { ApiKey, ConsoleApiKeyCreated } from "@parley/wire";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { API_KEYS, rotateApiKey } from "../../api/api-keys.ts";
import { LIMITS } from "../../api/limits.ts";
import { useConfirmed } from "../../app/reauthentication.tsx";
import { SelectField } from "../../ui/field.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { NewSecret } from "./new-secret.tsx";
import { text } from "./text.ts";

const OVERLAPS_HOURS = ["0", "1", "24", "168"] as const;

/** A new key for the same, and how long the old one may go on. */
export function RotateKeyDialog({ apiKey, onClose }: { readonly apiKey: ApiKey; readonly onClose: () => void }) {
  const [created, setCreated] = useState<ConsoleApiKeyCreated | null>(null);
  const [hours, setHours] = useState<string>("24");
  const queryClient = useQueryClient();
  const confirmed = useConfirmed();
  const rotate = useMutation({
    mutationFn: () => confirmed(() => rotateApiKey(apiKey.id, Number(hours))),
    onSuccess: (fresh) => {
      setCreated(fresh);
      for (const queryKey of [API_KEYS, LIMITS]) void queryClient.invalidateQueries({ queryKey });
    },
  });
  if (created) return <NewSecret created={created} onClose={onClose} />;
  return (
    <FormDialog
      title={text.rotateTitle(apiKey.name)}
      description={text.rotateAbout}
      action={text.rotate}
      isBusy={rotate.isPending}
      error={rotate.error}
      onClose={onClose}
      onSubmit={() => rotate.mutate()}
    >
      <SelectField
        label={text.overlap}
        choices={OVERLAPS_HOURS.map((value) => ({ value, label: text.overlaps[value] }))}
        value={hours}
        onChange={(event) => setHours(event.target.value)}
      />
    </FormDialog>
  );
}
