import type { AdminPrincipal } from "../auth/principal.ts";
import { fail } from "../platform/fail.ts";
import type { SessionPrincipal } from "./sessions.ts";

const ADMINISTRATORS: ReadonlySet<string> = new Set(["admin", "owner", "primary_owner"]);

export function isAdministrator({ role }: Pick<SessionPrincipal, "role">): boolean {
  return ADMINISTRATORS.has(role);
}

export function seesBilling(session: Pick<SessionPrincipal, "role">): boolean {
  return isAdministrator(session) || session.role === "billing";
}

/**
 * The administrator that a session is; throws `permission_error` for other roles. What is `forBilling`, which only reads, takes
 * those who look after the money as well.
 */
export function toAdminPrincipal(session: SessionPrincipal, { forBilling = false } = {}): AdminPrincipal {
  const { organizationId, userId } = session;
  if (forBilling ? seesBilling(session) : isAdministrator(session))
    return { organizationId, actor: { type: "user", id: userId } };
  throw fail("permission_error", { public: "This needs the role of an administrator." });
}
