import { asc, isNull } from "drizzle-orm";
import { workspaces } from "./schema.ts";
import type { Storage } from "./storage.ts";

export interface WorkspaceRow {
  readonly id: string;
  readonly organizationId: string;
  readonly name: string;
  readonly isDefault: boolean;
}

/** Workspaces that are not archived, oldest first. */
export function listWorkspaces(storage: Storage): Promise<WorkspaceRow[]> {
  return storage.run({ operation: "list workspaces", repeatable: true }, (database) =>
    database
      .select({
        id: workspaces.id,
        organizationId: workspaces.organizationId,
        name: workspaces.name,
        isDefault: workspaces.isDefault,
      })
      .from(workspaces)
      .where(isNull(workspaces.archivedAt))
      .orderBy(asc(workspaces.createdAt)),
  );
}
