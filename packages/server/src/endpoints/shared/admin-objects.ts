import type {
  AnthropicVersion,
  ApiKey,
  AuditEvent,
  OrganizationInvite,
  OrganizationUser,
  Workspace,
  WorkspaceMember,
} from "@parley/wire";
import { statusOfKey, type ApiKeyRow } from "../../storage/api-keys.ts";
import type { AuditRow } from "../../storage/audit-log.ts";
import { statusOf, type InviteRow } from "../../storage/invites.ts";
import type { UserRow } from "../../storage/users.ts";
import type { WorkspaceMemberRow } from "../../storage/workspace-members.ts";
import type { WorkspaceRow } from "../../storage/workspaces.ts";

/** Rows as the Admin API shows them. */

export function toUser({ id, email, name, role, createdAt }: UserRow): OrganizationUser {
  return { id, type: "user", email, name, role, added_at: createdAt.toISOString() };
}

export function toInvite(row: InviteRow, nowMs: number): OrganizationInvite {
  return {
    id: row.id,
    type: "invite",
    email: row.email,
    role: row.role,
    status: statusOf(row, nowMs),
    invited_at: row.createdAt.toISOString(),
    expires_at: row.expiresAt.toISOString(),
    accepted_at: row.acceptedAt?.toISOString() ?? null,
    rbac_group_ids: [],
  };
}

export function toWorkspace(row: WorkspaceRow): Workspace {
  return {
    id: row.id,
    type: "workspace",
    name: row.name,
    display_color: row.displayColor,
    created_at: row.createdAt.toISOString(),
    archived_at: row.archivedAt?.toISOString() ?? null,
    compartment_id: row.compartmentId,
    external_key_id: null,
    user_profile_id: null,
    tags: row.tags,
    data_residency: {
      workspace_geo: "us",
      allowed_inference_geos: row.allowedInferenceGeos === null ? "unrestricted" : [...row.allowedInferenceGeos],
      default_inference_geo: row.defaultInferenceGeo,
    },
  };
}

export function toWorkspaceMember({ id, workspaceId, role }: WorkspaceMemberRow): WorkspaceMember {
  return { type: "workspace_member", user_id: id, workspace_id: workspaceId, workspace_role: role };
}

export interface ApiKeyView {
  readonly version: AnthropicVersion;
  readonly nowMs: number;
  readonly defaultWorkspaceId: string | null;
}

export function toApiKey(row: ApiKeyRow, { version, nowMs, defaultWorkspaceId }: ApiKeyView): ApiKey {
  return {
    id: row.id,
    type: "api_key",
    name: row.name,
    status: statusOfKey(row, nowMs),
    partial_key_hint: row.partialHint,
    created_at: row.createdAt.toISOString(),
    created_by: row.createdByUserId === null ? null : { id: row.createdByUserId, type: "user" },
    expires_at: row.expiresAt?.toISOString() ?? null,
    principal: null,
    scope: { type: "workspace", workspace_id: row.workspaceId },
    // Older clients know the default workspace by its having no id.
    ...(version === "2023-06-01" ? { workspace_id: row.workspaceId === defaultWorkspaceId ? null : row.workspaceId } : {}),
  };
}

export function toAuditEvent(row: AuditRow): AuditEvent {
  return {
    id: `audit_${row.sequence}`,
    type: "audit_event",
    sequence: row.sequence,
    created_at: new Date(row.atMs).toISOString(),
    actor: row.actor,
    action: row.action,
    target: row.target,
    before: row.before,
    after: row.after,
    request_id: row.requestId,
    previous_hash: row.previousHash,
    hash: row.hash,
  };
}
