import { fail } from "../platform/fail.ts";
import { changeAudited } from "../storage/audit-log.ts";
import { findUserOn, type UserRow } from "../storage/users.ts";
import type { Queries } from "../storage/storage.ts";
import {
  deleteWorkspaceMemberOn,
  findWorkspaceMemberOn,
  insertWorkspaceMemberOn,
  setWorkspaceRoleOn,
  type WorkspaceMemberRow,
  type WorkspaceRoleName,
} from "../storage/workspace-members.ts";
import { findOpenWorkspace } from "./manage-workspaces.ts";
import { notFound } from "./not-found.ts";
import { toAuditedAct, type Act, type TenancyDeps } from "./tenancy-deps.ts";

interface MemberAt {
  readonly workspaceId: string;
  readonly userId: string;
}

/** Adding somebody again in the same role is fine. */
export function addWorkspaceMember(
  deps: TenancyDeps,
  act: Act,
  { workspaceId, userId, role }: MemberAt & { readonly role: WorkspaceRoleName },
): Promise<WorkspaceMemberRow> {
  return changeAudited(deps.storage, "add workspace member", toAuditedAct(deps, act), async (queries, record) => {
    await findOpenWorkspace(queries, act, workspaceId);
    await findMemberOfOrganization(queries, act, userId);
    const existing = await findWorkspaceMemberOn(queries, workspaceId, userId);
    if (existing?.role === role) return existing;
    if (existing) {
      throw fail("invalid_request_error", {
        public: `user_id: ${userId} is a member of this workspace already, as ${existing.role}. Update the member instead.`,
        details: { error_code: "already_member" },
      });
    }
    const member = { workspaceId, id: userId, role, createdAt: new Date(deps.clock.nowMs()) };
    await insertWorkspaceMemberOn(queries, member);
    const after = { user_id: userId, workspace_role: role };
    await record({ action: "workspace_member.create", target: { type: "workspace", id: workspaceId }, before: null, after });
    return member;
  });
}

export function updateWorkspaceMember(
  deps: TenancyDeps,
  act: Act,
  { workspaceId, userId, role }: MemberAt & { readonly role: WorkspaceRoleName },
): Promise<WorkspaceMemberRow> {
  return changeAudited(deps.storage, "update workspace member", toAuditedAct(deps, act), async (queries, record) => {
    await findOpenWorkspace(queries, act, workspaceId);
    const member = await findMember(queries, { workspaceId, userId });
    const user = await findMemberOfOrganization(queries, act, userId);
    // As on the platform: it follows the role in the organization.
    if (role === "workspace_billing" && user.role !== "billing") {
      throw fail("invalid_request_error", {
        public: "workspace_role: workspace_billing is only for members with the organization role billing",
      });
    }
    if (member.role === role) return member;
    await setWorkspaceRoleOn(queries, workspaceId, userId, role);
    await record({
      action: "workspace_member.update",
      target: { type: "workspace", id: workspaceId },
      before: { user_id: userId, workspace_role: member.role },
      after: { user_id: userId, workspace_role: role },
    });
    return { ...member, role };
  });
}

export function removeWorkspaceMember(deps: TenancyDeps, act: Act, { workspaceId, userId }: MemberAt): Promise<void> {
  return changeAudited(deps.storage, "remove workspace member", toAuditedAct(deps, act), async (queries, record) => {
    await findOpenWorkspace(queries, act, workspaceId);
    const member = await findMember(queries, { workspaceId, userId });
    await deleteWorkspaceMemberOn(queries, workspaceId, userId);
    const before = { user_id: userId, workspace_role: member.role };
    await record({ action: "workspace_member.delete", target: { type: "workspace", id: workspaceId }, before, after: null });
  });
}

async function findMember(queries: Queries, { workspaceId, userId }: MemberAt): Promise<WorkspaceMemberRow> {
  const member = await findWorkspaceMemberOn(queries, workspaceId, userId);
  if (!member) throw notFound("Workspace member", userId);
  return member;
}

async function findMemberOfOrganization(queries: Queries, { organizationId }: Act, userId: string): Promise<UserRow> {
  const user = await findUserOn(queries, organizationId, userId);
  if (!user) throw notFound("User", userId);
  return user;
}
