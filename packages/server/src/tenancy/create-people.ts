import { fail } from "../platform/fail.ts";
import { changeAudited } from "../storage/audit-log.ts";
import { findInvite, findPendingInviteOn, statusOf } from "../storage/invites.ts";
import type { Queries } from "../storage/storage.ts";
import { countUsersOn, findUser, findUserByEmailOn, type OrganizationRoleName, type UserRow } from "../storage/users.ts";
import { acceptInvite } from "./manage-invites.ts";
import { addUserOn } from "./manage-users.ts";
import { normalizeEmail } from "./normalize-email.ts";
import { SYSTEM, toAuditedAct, type TenancyDeps } from "./tenancy-deps.ts";

/** A member of the organization, as signing in sees one. */
export interface Person {
  readonly id: string;
  readonly organizationId: string;
  readonly email: string;
  readonly name: string;
  readonly role: OrganizationRoleName;
}

/** What people do to their own account, for the audit log. A changed password ends their other sessions. */
type OwnAct =
  | "user.password_change"
  | "user.second_factor_enable"
  | "user.second_factor_disable"
  | "device.approve"
  | "device.deny";

const OWNER_ROLES: readonly OrganizationRoleName[] = ["owner", "primary_owner"];

/** The people of one organization, for whoever signs them in. */
export function createPeople(deps: TenancyDeps, organizationId: string) {
  const { storage, clock } = deps;
  const act = { ...SYSTEM, organizationId };

  return {
    /** Null for somebody unknown or removed. */
    async findById(userId: string): Promise<Person | null> {
      const user = await findUser(storage, organizationId, userId);
      return user && toPerson(user);
    },
    /** Whatever the case of the letters. */
    async findByEmail(email: string): Promise<Person | null> {
      const user = await storage.run({ operation: "find user by email", repeatable: true }, (database) =>
        findUserByEmailOn(database, organizationId, normalizeEmail(email)),
      );
      return user && toPerson(user);
    },
    async hasOwner(): Promise<boolean> {
      return storage.run(
        { operation: "find owner", repeatable: true },
        async (database) => (await countUsersOn(database, organizationId, OWNER_ROLES)) > 0,
      );
    },
    /** Throws `conflict_error` when the organization has an owner. */
    async createOwner(who: { readonly email: string; readonly name: string }): Promise<Person> {
      return changeAudited(storage, "create owner", toAuditedAct(deps, act), async (queries, record) => {
        if ((await countUsersOn(queries, organizationId, OWNER_ROLES)) > 0) {
          throw fail("conflict_error", { public: "This organization has an owner already." });
        }
        return toPerson(
          await addUserOn(queries, record, { ...who, role: "primary_owner", organizationId, nowMs: clock.nowMs() }),
        );
      });
    },
    /** Does to how somebody signs in what they asked for, and writes it down in the same transaction. */
    async actForSelf(
      { userId, action, requestId }: { readonly userId: string; readonly action: OwnAct; readonly requestId: string | null },
      work: (queries: Queries) => Promise<void>,
    ): Promise<void> {
      const actor = { type: "user" as const, id: userId };
      await changeAudited(storage, action, toAuditedAct(deps, { organizationId, actor, requestId }), async (queries, record) => {
        await work(queries);
        await record({ action, target: { type: "user", id: userId }, before: null, after: null });
      });
    },
    /** The invite that waits for this address; null: none, or it is over. */
    async findInvite(
      by: { readonly email: string } | { readonly inviteId: string },
    ): Promise<{ readonly id: string; readonly email: string } | null> {
      const nowMs = clock.nowMs();
      if ("inviteId" in by) {
        const invite = await findInvite(storage, organizationId, by.inviteId);
        return invite && statusOf(invite, nowMs) === "pending" ? invite : null;
      }
      return storage.run({ operation: "find pending invite", repeatable: true }, (database) =>
        findPendingInviteOn(database, organizationId, normalizeEmail(by.email), nowMs),
      );
    },
    /** Makes a member of the invited person. Throws `conflict_error` when the invite is used or over. */
    async acceptInvite(inviteId: string, who: { readonly name: string }): Promise<Person> {
      return toPerson(await acceptInvite(deps, act, inviteId, who));
    },
  };
}

function toPerson(user: UserRow): Person {
  const { id, email, name, role, organizationId } = user;
  return { id, organizationId, email, name, role };
}
