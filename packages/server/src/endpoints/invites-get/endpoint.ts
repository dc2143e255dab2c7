import { OrganizationInvite } from "@parley/wire";
import { findInvite } from "../../storage/invites.ts";
import { notFound } from "../../tenancy/not-found.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toInvite } from "../shared/admin-objects.ts";
import { idOf } from "../shared/admin-request.ts";

export const invitesGet = defineEndpoint({
  name: "invites-get",
  summary: "Get an invite",
  method: "GET",
  path: "/v1/organizations/invites/:invite_id",
  permission: "admin",
  reply: { schema: OrganizationInvite },
  async handle(request, { tenancy }) {
    const id = idOf(request, "invite_id", "Invite");
    const invite = await findInvite(tenancy.storage, request.admin.organizationId, id);
    if (!invite) throw notFound("Invite", id);
    return { kind: "json", body: toInvite(invite, tenancy.clock.nowMs()) };
  },
});
