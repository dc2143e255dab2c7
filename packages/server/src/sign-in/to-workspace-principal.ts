import { NO_API_KEY, type Principal } from "../auth/principal.ts";
import { fail } from "../platform/fail.ts";
import { findWorkspaceMember, type WorkspaceRoleName } from "../storage/workspace-members.ts";
import { findDefaultWorkspaceId, findWorkspace } from "../storage/workspaces.ts";
import type { Storage } from "../storage/storage.ts";
import { isAdministrator } from "./to-admin-principal.ts";
import type { SessionPrincipal } from "./sessions.ts";

/** Who may use models through the Console. `billing` and `claude_code_user` may not, nor may somebody with no role in it. */
const USING_ROLES: ReadonlySet<string> = new Set(["user", "developer", "managed"]);
const USING_WORKSPACE_ROLES: ReadonlySet<WorkspaceRoleName> = new Set([
  "workspace_user",
  "workspace_developer",
  "workspace_restricted_developer",
  "workspace_admin",
]);

/** Whether somebody may use models in a workspace; `role` is theirs in it, null where they have none. */
export function mayUseModels(
  who: Pick<SessionPrincipal, "role">,
  workspace: { readonly isDefault: boolean; readonly role: WorkspaceRoleName | null },
): boolean {
  if (isAdministrator(who)) return true;
  return workspace.isDefault ? USING_ROLES.has(who.role) : workspace.role !== null && USING_WORKSPACE_ROLES.has(workspace.role);
}

/** How far a device that somebody signed in on reaches into a workspace; null: not at all. */
export function reachOfDevice(
  who: Pick<SessionPrincipal, "role">,
  workspace: Parameters<typeof mayUseModels>[1],
): "workspace" | "claude-code" | null {
  // This role is for nothing else, and needs no place in the workspace.
  if (who.role === "claude_code_user") return workspace.isDefault ? "claude-code" : null;
  return mayUseModels(who, workspace) ? "workspace" : null;
}

/**
 * A signed-in person in a workspace; null names the default one. Throws `not_found_error` for a workspace that is not theirs
 * to see, `permission_error` for a role that may not use models.
 */
export async function toWorkspacePrincipal(
  storage: Storage,
  session: SessionPrincipal,
  workspaceId: string | null,
): Promise<Principal> {
  const { organizationId, userId, role } = session;
  const id = workspaceId ?? (await findDefaultWorkspaceId(storage, organizationId));
  const workspace = id === null ? null : await findWorkspace(storage, organizationId, id);
  if (!workspace || workspace.archivedAt !== null) throw unknownWorkspace(id);
  if (!isAdministrator(session)) {
    const member = workspace.isDefault ? null : await findWorkspaceMember(storage, workspace.id, userId);
    if (!workspace.isDefault && !member) throw unknownWorkspace(id);
    if (!mayUseModels(session, { isDefault: workspace.isDefault, role: member?.role ?? null })) {
      throw fail("permission_error", { public: `The role ${member?.role ?? role} may not use models.` });
    }
  }
  return { organizationId, workspaceId: workspace.id, apiKeyId: NO_API_KEY, userId };
}

function unknownWorkspace(id: string | null) {
  return fail("not_found_error", { public: `Workspace not found: ${id ?? "default"}` });
}
