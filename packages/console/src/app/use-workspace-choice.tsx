import { useState } from "react";
import { useWorkspaces } from "../api/workspaces.ts";
import { SelectField } from "../ui/field.tsx";
import { text } from "./text.ts";

/** Which workspace a page is about, and the field to choose another; no field where there is one workspace. */
export function useWorkspaceChoice() {
  const workspaces = useWorkspaces();
  const [chosen, setChosen] = useState<string | null>(null);
  // The default workspace is the oldest, and stands last.
  const workspaceId = chosen ?? workspaces.at(-1)?.id ?? null;
  const field = workspaces.length > 1 && (
    <SelectField
      label={text.workspace}
      isLabelHidden
      className="w-auto"
      choices={workspaces.map((each) => ({ value: each.id, label: each.name }))}
      value={workspaceId ?? ""}
      onChange={(event) => setChosen(event.target.value)}
    />
  );
  return { workspaceId, field };
}
