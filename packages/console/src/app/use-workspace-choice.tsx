import { useState } from "react";
import { useWorkspaces } from "../api/workspaces.ts";
import { WorkspaceField } from "./workspace-field.tsx";

/** In which workspace a page uses models, files and the like, and the field to choose another. */
export function useWorkspaceChoice() {
  const workspaces = useWorkspaces().filter((each) => each.may_use_models);
  const [chosen, setChosen] = useState<string | null>(null);
  // The default workspace stands last.
  const workspaceId = chosen ?? workspaces.at(-1)?.id ?? null;
  const field = workspaces.length > 1 && (
    <WorkspaceField isForModels isLabelHidden className="w-auto" value={workspaceId} onChange={setChosen} />
  );
  return { workspaceId, setWorkspaceId: setChosen, field };
}
