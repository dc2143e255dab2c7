import { fail } from "../platform/fail.ts";
import { newId } from "../platform/ids.ts";
import { changeAudited } from "../storage/audit-log.ts";
import {
  findInviteOn,
  findPendingInviteOn,
  insertInviteOn,
  setInviteTimesOn,
  statusOf,
  type InviteRow,
} from "../storage/invites.ts";
import { findUserByEmailOn, type OrganizationRoleName, type UserRow } from "../storage/users.ts";
import { addUserOn, alreadyMember } from "./manage-users.ts";
import { normalizeEmail } from "./normalize-email.ts";
import { notFound } from "./not-found.ts";
import { toAuditedAct, type Act, type TenancyDeps } from "./tenancy-deps.ts";

/** As on the platform. */
const INVITE_LIFE_MS = 21 * 86_400_000;

export function createInvite(
  deps: TenancyDeps,
  act: Act,
  { email, role }: { readonly email: string; readonly role: OrganizationRoleName },
): Promise<InviteRow> {
  return changeAudited(deps.storage, "create invite", toAuditedAct(deps, act), async (queries, record) => {
    const { organizationId } = act;
    const nowMs = deps.clock.nowMs();
    const emailKey = normalizeEmail(email);
    const member = await findUserByEmailOn(queries, organizationId, emailKey);
    if (member) throw alreadyMember(member);
    const pending = await findPendingInviteOn(queries, organizationId, emailKey, nowMs);
    if (pending) {
      throw fail("invalid_request_error", {
        public: `email: ${pending.email} has a pending invite already (${pending.id}).`,
        details: { error_code: "invite_already_exists" },
      });
    }
    const invite: InviteRow = {
      id: newId("invite"),
      organizationId,
      email: email.trim(),
      emailKey,
      role,
      createdAt: new Date(nowMs),
      expiresAt: new Date(nowMs + INVITE_LIFE_MS),
      acceptedAt: null,
      deletedAt: null,
    };
    await insertInviteOn(queries, invite);
    const after = { email: invite.email, role, expires_at: invite.expiresAt.toISOString() };
    await record({ action: "invite.create", target: { type: "invite", id: invite.id }, before: null, after });
    return invite;
  });
}

/** Deleting twice is fine; an invite that was accepted, or whose time is over, is history. */
export function deleteInvite(deps: TenancyDeps, act: Act, inviteId: string): Promise<void> {
  return changeAudited(deps.storage, "delete invite", toAuditedAct(deps, act), async (queries, record) => {
    const invite = await findInviteOn(queries, act.organizationId, inviteId);
    if (!invite) throw notFound("Invite", inviteId);
    const nowMs = deps.clock.nowMs();
    const status = statusOf(invite, nowMs);
    if (status === "deleted") return;
    if (status !== "pending") {
      throw fail("invalid_request_error", { public: `Only a pending invite can be deleted; this one is ${status}.` });
    }
    await setInviteTimesOn(queries, invite.id, { deletedAt: new Date(nowMs) });
    const before = { email: invite.email, role: invite.role };
    await record({ action: "invite.delete", target: { type: "invite", id: invite.id }, before, after: null });
  });
}

/** Makes a member of the invited person, with the invite's role. */
export function acceptInvite(
  deps: TenancyDeps,
  act: Act,
  inviteId: string,
  { name }: { readonly name: string },
): Promise<UserRow> {
  return changeAudited(deps.storage, "accept invite", toAuditedAct(deps, act), async (queries, record) => {
    const nowMs = deps.clock.nowMs();
    const invite = await findInviteOn(queries, act.organizationId, inviteId);
    if (!invite || statusOf(invite, nowMs) !== "pending") {
      throw fail("conflict_error", { public: "This invite was used, or its time is over." });
    }
    const { email, role, organizationId } = invite;
    return addUserOn(queries, record, { email, name, role, organizationId, nowMs });
  });
}
