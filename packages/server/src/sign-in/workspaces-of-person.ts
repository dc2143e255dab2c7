import type { ConsoleAbility } from "@parley/wire";
import type { Storage } from "../storage/storage.ts";
import { listWorkspacesWithRole } from "../storage/workspaces.ts";
import type { SessionPrincipal } from "./sessions.ts";
import { isAdministrator, seesBilling } from "./to-admin-principal.ts";
import { mayUseModels } from "./to-workspace-principal.ts";

export interface PersonsWorkspace {
  readonly id: string;
  readonly name: string;
  readonly isDefault: boolean;
  readonly mayUseModels: boolean;
}

type Who = Pick<SessionPrincipal, "organizationId" | "userId" | "role">;

const WORKSPACES_MAX = 1_000;

/** The workspaces that somebody may see, newest first and the default one last. Who looks after the money sees them all. */
export async function listWorkspacesOfPerson(storage: Storage, who: Who): Promise<readonly PersonsWorkspace[]> {
  const { organizationId, userId } = who;
  const rows = await listWorkspacesWithRole(storage, { organizationId, userId, limit: WORKSPACES_MAX });
  const seesAll = seesBilling(who);
  return rows
    .filter(({ isDefault, role }) => seesAll || isDefault || role !== null)
    .map(({ id, name, isDefault, role }) => ({ id, name, isDefault, mayUseModels: mayUseModels(who, { isDefault, role }) }));
}

/** What the Console offers somebody. */
export async function listAbilities(storage: Storage, who: Who): Promise<ConsoleAbility[]> {
  if (isAdministrator(who)) return ["administer", "see_billing", "use_models"];
  const workspaces = await listWorkspacesOfPerson(storage, who);
  return [
    ...(seesBilling(who) ? (["see_billing"] as const) : []),
    ...(workspaces.some((each) => each.mayUseModels) ? (["use_models"] as const) : []),
  ];
}
