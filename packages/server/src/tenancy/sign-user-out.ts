import { fail, type Failure } from "../platform/fail.ts";
import { changeAudited } from "../storage/audit-log.ts";
import { endDeviceSignInsOn } from "../storage/device-sign-in.ts";
import { revokeSessionsOn } from "../storage/sessions.ts";
import { findUserOn, type OrganizationRoleName, type UserRow } from "../storage/users.ts";
import { notFound } from "./not-found.ts";
import { type Act, type TenancyDeps, toAuditedAct } from "./tenancy-deps.ts";

const OWNER_ROLES: readonly OrganizationRoleName[] = ["owner", "primary_owner"];

/** Ends every session of a member, and all that was signed in on devices; the role stays, and signing in again is open. */
export async function signUserOut(deps: TenancyDeps, act: Act, userId: string): Promise<UserRow> {
  const { user, keyIds } = await changeAudited(
    deps.storage,
    "sign user out",
    toAuditedAct(deps, act),
    async (queries, record) => {
      const user = await findUserOn(queries, act.organizationId, userId);
      if (!user) throw notFound("User", userId);
      const { actor } = act;
      if (user.role === "primary_owner") {
        throw refusal(
          "invalid_request_error",
          "cannot_sign_out_primary_owner",
          "The organization's primary owner cannot be signed out.",
        );
      }
      if (actor.type === "user" && actor.id === user.id) {
        throw refusal("invalid_request_error", "cannot_sign_out_self", "To end a session of your own, sign out of it.");
      }
      if (OWNER_ROLES.includes(user.role)) {
        // A leaked key must not be able to keep the owners out of the Console.
        const doer = actor.type === "user" ? await findUserOn(queries, act.organizationId, actor.id) : null;
        if (!doer || !OWNER_ROLES.includes(doer.role)) {
          throw refusal("permission_error", "cannot_sign_out_owner", "An owner is signed out by an owner only.");
        }
      }
      const ended = await revokeSessionsOn(queries, { userId: user.id, exceptId: null }, deps.clock.nowMs());
      const keyIds = await endDeviceSignInsOn(queries, user.id);
      await record({
        action: "user.sign_out",
        target: { type: "user", id: user.id },
        before: null,
        after: { sessions_ended: ended, devices_ended: keyIds.length },
      });
      return { user, keyIds };
    },
  );
  for (const id of keyIds) deps.authenticator?.forget(id);
  return user;
}

function refusal(type: "invalid_request_error" | "permission_error", errorCode: string, text: string): Failure {
  return fail(type, { public: text, details: { error_code: errorCode } });
}
