import { fail } from "../platform/fail.ts";
import { newId } from "../platform/ids.ts";
import { changeAudited, type RecordAct } from "../storage/audit-log.ts";
import { findPendingInviteOn, setInviteTimesOn } from "../storage/invites.ts";
import type { Queries } from "../storage/storage.ts";
import {
  countUsersOn,
  deleteUserOn,
  findUserByEmailOn,
  findUserOn,
  insertUserOn,
  setUserRoleOn,
  type OrganizationRoleName,
  type UserRow,
} from "../storage/users.ts";
import { normalizeEmail } from "./normalize-email.ts";
import { notFound } from "./not-found.ts";
import { toAuditedAct, type Act, type TenancyDeps } from "./tenancy-deps.ts";

/** Who may do everything in an organization. */
const ADMIN_ROLES: readonly OrganizationRoleName[] = ["admin", "owner", "primary_owner"];

/** Whom the Admin API neither makes nor unmakes. */
const PROTECTED_ROLES: readonly OrganizationRoleName[] = [...ADMIN_ROLES, "membership_admin"];
const OWNER_ROLES: readonly OrganizationRoleName[] = ["owner", "primary_owner"];

/** Whose link: a member's to set a password, an invite's, or the owner's of an organization that has none. */
export interface LinkTarget {
  readonly type: "user" | "invite" | "organization";
  readonly id: string;
}

const LINK_ACTIONS = { user: "user.password_link", invite: "invite.link", organization: "organization.owner_link" } as const;

export interface NewUser {
  readonly email: string;
  readonly name: string;
  readonly role: OrganizationRoleName;
}

/** Makes somebody a member. An invite that waits for the address counts as accepted. */
export function addUser(deps: TenancyDeps, act: Act, user: NewUser): Promise<UserRow> {
  return changeAudited(deps.storage, "add user", toAuditedAct(deps, act), (queries, record) =>
    addUserOn(queries, record, { ...user, organizationId: act.organizationId, nowMs: deps.clock.nowMs() }),
  );
}

/** The same inside a change that is under way. */
export async function addUserOn(
  queries: Queries,
  record: RecordAct,
  { email, name, role, organizationId, nowMs }: NewUser & { readonly organizationId: string; readonly nowMs: number },
): Promise<UserRow> {
  const emailKey = normalizeEmail(email);
  const member = await findUserByEmailOn(queries, organizationId, emailKey);
  if (member) throw alreadyMember(member);
  const user = { id: newId("user"), organizationId, email: email.trim(), emailKey, name, role, createdAt: new Date(nowMs) };
  await insertUserOn(queries, user);
  const invite = await findPendingInviteOn(queries, organizationId, emailKey, nowMs);
  if (invite) {
    await setInviteTimesOn(queries, invite.id, { acceptedAt: new Date(nowMs) });
    const target = { type: "invite", id: invite.id };
    await record({
      action: "invite.accept",
      target,
      before: { status: "pending" },
      after: { status: "accepted", user_id: user.id },
    });
  }
  await record({ action: "user.create", target: { type: "user", id: user.id }, before: null, after: describeUser(user) });
  return user;
}

export function alreadyMember(member: UserRow) {
  return fail("invalid_request_error", {
    public: `email: ${member.email} is already a member of this organization (${member.id}).`,
    details: { error_code: "already_member" },
  });
}

export function updateUserRole(deps: TenancyDeps, act: Act, userId: string, role: OrganizationRoleName): Promise<UserRow> {
  return changeAudited(deps.storage, "update user", toAuditedAct(deps, act), async (queries, record) => {
    const user = await findMember(queries, act, userId);
    await protectAdmins(queries, act, user, "role changed");
    if (user.role === role) return user;
    const changed = { ...user, role };
    await setUserRoleOn(queries, user.id, role);
    await record({
      action: "user.update",
      target: { type: "user", id: user.id },
      before: { role: user.role },
      after: { role },
    });
    return changed;
  });
}

export function removeUser(deps: TenancyDeps, act: Act, userId: string): Promise<void> {
  return changeAudited(deps.storage, "remove user", toAuditedAct(deps, act), async (queries, record) => {
    const user = await findMember(queries, act, userId);
    if ((await countUsersOn(queries, act.organizationId, null)) <= 1) throw lastMember("The organization's only member");
    await protectAdmins(queries, act, user, "removed");
    await deleteUserOn(queries, user.id);
    await record({ action: "user.delete", target: { type: "user", id: user.id }, before: describeUser(user), after: null });
  });
}

/** Whoever makes a link for somebody could become them: it is written down. */
export function noteLinkMade(deps: TenancyDeps, act: Act, target: LinkTarget): Promise<void> {
  return changeAudited(deps.storage, "note link", toAuditedAct(deps, act), (_queries, record) =>
    record({ action: LINK_ACTIONS[target.type], target, before: null, after: null }),
  );
}

async function findMember(queries: Queries, { organizationId }: Act, userId: string): Promise<UserRow> {
  const user = await findUserOn(queries, organizationId, userId);
  if (!user) throw notFound("User", userId);
  return user;
}

/** A leaked admin key must not be able to lock the organization's people out, nor an administrator its owners. */
async function protectAdmins(queries: Queries, act: Act, user: UserRow, what: string): Promise<void> {
  if (!PROTECTED_ROLES.includes(user.role)) return;
  if (act.actor.type === "admin_api_key") {
    throw fail("permission_error", {
      public: `Organization members with the ${user.role} role cannot be ${what} through the API; use the Console.`,
    });
  }
  if (OWNER_ROLES.includes(user.role)) {
    if (act.actor.type === "user") {
      const doer = await findUserOn(queries, act.organizationId, act.actor.id);
      if (!doer || !OWNER_ROLES.includes(doer.role)) {
        throw fail("permission_error", { public: `An owner is ${what} by an owner only.` });
      }
    }
    // Without one, whoever gets hold of the next owner's link would own everything.
    if ((await countUsersOn(queries, act.organizationId, OWNER_ROLES)) <= 1) throw lastMember("The organization's last owner");
  }
  if (ADMIN_ROLES.includes(user.role) && (await countUsersOn(queries, act.organizationId, ADMIN_ROLES)) <= 1)
    throw lastMember("The organization's last administrator");
}

function lastMember(who: string) {
  return fail("invalid_request_error", {
    public: `${who} cannot be removed. Add another one first.`,
    details: { error_code: "cannot_remove_last_member" },
  });
}

function describeUser({ email, name, role }: UserRow) {
  return { email, name, role };
}
