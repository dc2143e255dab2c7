import type { DataRetention, Workspace } from "@parley/wire";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { DATA_RETENTION, dataRetentionQuery, setDataRetention } from "../../api/settings.ts";
import { WORKSPACES } from "../../api/workspaces.ts";
import { useConfirmed } from "../../app/reauthentication.tsx";
import { CheckField, TextField } from "../../ui/field.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { useToast } from "../../ui/toasts.tsx";
import { text } from "./text.ts";

const DAYS_MAX = 3_650;

export function RetentionDialog({ workspace, onClose }: { readonly workspace: Workspace; readonly onClose: () => void }) {
  const { data } = useQuery(dataRetentionQuery(workspace.id));
  return data ? <RetentionForm workspace={workspace} now={data} onClose={onClose} /> : null;
}

function RetentionForm({
  workspace,
  now,
  onClose,
}: {
  readonly workspace: Workspace;
  readonly now: DataRetention;
  readonly onClose: () => void;
}) {
  const [isZero, setZero] = useState(now.zero_data_retention);
  const [days, setDays] = useState(String(now.retention_days));
  const [fileDays, setFileDays] = useState(now.file_retention_days === null ? "" : String(now.file_retention_days));
  const queryClient = useQueryClient();
  const confirmed = useConfirmed();
  const toast = useToast();
  const save = useMutation({
    mutationFn: () =>
      confirmed(() =>
        setDataRetention(workspace.id, {
          zero_data_retention: isZero,
          // What stands there because the server has it so stays the server's.
          ...(Number(days) === now.retention_days ? {} : { retention_days: Number(days) }),
          file_retention_days: fileDays === "" ? null : Number(fileDays),
        }),
      ),
    onSuccess: () => {
      toast(text.saved);
      onClose();
      for (const queryKey of [DATA_RETENTION, WORKSPACES]) void queryClient.invalidateQueries({ queryKey });
    },
  });
  return (
    <FormDialog
      title={text.retentionTitle(workspace.name)}
      action={isZero && !now.zero_data_retention ? text.zeroConfirm : text.save}
      isBusy={save.isPending}
      error={save.error}
      onClose={onClose}
      onSubmit={() => save.mutate()}
    >
      <CheckField label={text.zero} hint={text.zeroHint} checked={isZero} onChange={setZero} />
      <TextField
        label={text.retentionDays}
        hint={text.retentionHint}
        type="number"
        min={1}
        max={DAYS_MAX}
        required
        disabled={isZero}
        value={days}
        onChange={(event) => setDays(event.target.value)}
      />
      <TextField
        label={text.fileDays}
        hint={text.fileHint}
        type="number"
        min={1}
        max={DAYS_MAX}
        disabled={isZero}
        value={fileDays}
        onChange={(event) => setFileDays(event.target.value)}
      />
    </FormDialog>
  );
}
