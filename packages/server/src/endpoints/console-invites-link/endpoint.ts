import { ConsoleInviteLink } from "@parley/wire";
import { fail } from "../../platform/fail.ts";
import { inviteLink } from "../../sign-in/links.ts";
import { requireRecentAuthentication } from "../../sign-in/sessions.ts";
import { toAdminPrincipal } from "../../sign-in/to-admin-principal.ts";
import { findInvite, statusOf } from "../../storage/invites.ts";
import { noteLinkMade } from "../../tenancy/manage-users.ts";
import { notFound } from "../../tenancy/not-found.ts";
import { defineEndpoint } from "../define-endpoint.ts";

export const consoleInvitesLink = defineEndpoint({
  name: "console-invites-link",
  summary: "Make the link that an invited person opens; the reply is the only time that it is seen",
  method: "POST",
  path: "/console/api/invites/:invite_id/link",
  permission: "session",
  reply: { schema: ConsoleInviteLink },
  async handle({ session, params, origin, requestId }, { tenancy, accounts, clock }) {
    const admin = toAdminPrincipal(session);
    requireRecentAuthentication(session, clock.nowMs());
    const id = params["invite_id"] ?? "";
    const invite = /^\w{1,128}$/.test(id) ? await findInvite(tenancy.storage, admin.organizationId, id) : null;
    if (!invite) throw notFound("Invite", id);
    if (statusOf(invite, clock.nowMs()) !== "pending") {
      throw fail("invalid_request_error", { public: "Only a pending invite has a link." });
    }
    await noteLinkMade(tenancy, { ...admin, requestId }, { type: "invite", id: invite.id });
    const secret = await accounts.signIn.createInviteLink(invite.id, invite.expiresAt.getTime());
    return {
      kind: "json",
      headers: { "cache-control": "no-store" },
      body: { type: "invite_link", link: inviteLink(origin, secret) },
    };
  },
});
