import { useState } from "react";
import { useWorkspaces } from "../api/workspaces.ts";
import { WorkspaceField } from "./workspace-field.tsx";

/** In which workspace a page uses models, files and the like, and the field to choose another. `before`: chosen at first. */
export function useWorkspaceChoice(before: string | null = null) {
  const workspaces = useWorkspaces().filter((each) => each.may_use_models);
  const [chosen, setChosen] = useState(before);
  // The default workspace stands last.
  const workspace = workspaces.find(({ id }) => id === chosen) ?? workspaces.at(-1) ?? null;
  const workspaceId = workspace?.id ?? null;
  const field = workspaces.length > 1 && (
    <WorkspaceField isForModels isLabelHidden className="w-auto" value={workspaceId} onChange={setChosen} />
  );
  return { workspace, workspaceId, setWorkspaceId: setChosen, field };
}
