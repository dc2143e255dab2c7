import type { Workspace } from "@parley/wire";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { setDataResidency } from "../../api/settings.ts";
import { WORKSPACES } from "../../api/workspaces.ts";
import { SelectField } from "../../ui/field.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { useToast } from "../../ui/toasts.tsx";
import { text } from "./text.ts";

type Allowed = "unrestricted" | "us";
type Geo = "global" | "us";
const ALLOWED: readonly Allowed[] = ["unrestricted", "us"];
const GEOS: readonly Geo[] = ["global", "us"];

export function ResidencyDialog({ workspace, onClose }: { readonly workspace: Workspace; readonly onClose: () => void }) {
  const { allowed_inference_geos: before, default_inference_geo: geoBefore } = workspace.data_residency;
  const [allowed, setAllowed] = useState<Allowed>(
    before !== "unrestricted" && !before.includes("global") ? "us" : "unrestricted",
  );
  const [geo, setGeo] = useState<Geo>(geoBefore);
  const queryClient = useQueryClient();
  const toast = useToast();
  const save = useMutation({
    mutationFn: () =>
      setDataResidency(workspace.id, {
        allowed_inference_geos: allowed === "unrestricted" ? allowed : [allowed],
        default_inference_geo: allowed === "us" ? "us" : geo,
      }),
    onSuccess: () => {
      toast(text.saved);
      onClose();
      void queryClient.invalidateQueries({ queryKey: WORKSPACES });
    },
  });
  return (
    <FormDialog
      title={text.residencyTitle(workspace.name)}
      action={text.save}
      isBusy={save.isPending}
      error={save.error}
      onClose={onClose}
      onSubmit={() => save.mutate()}
    >
      <SelectField
        label={text.allowed}
        hint={text.residencyHint}
        choices={ALLOWED.map((value) => ({ value, label: text.allowedChoices[value] ?? value }))}
        value={allowed}
        onChange={(event) => setAllowed(ALLOWED.find((each) => each === event.target.value) ?? "unrestricted")}
      />
      <SelectField
        label={text.byDefault}
        choices={GEOS.map((value) => ({ value, label: text.geos[value] ?? value }))}
        disabled={allowed === "us"}
        value={allowed === "us" ? "us" : geo}
        onChange={(event) => setGeo(GEOS.find((each) => each === event.target.value) ?? "global")}
      />
    </FormDialog>
  );
}
