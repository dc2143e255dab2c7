import { InviteCreateRequest, OrganizationInvite } from "@parley/wire";
import { createInvite } from "../../tenancy/manage-invites.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toInvite } from "../shared/admin-objects.ts";
import { ADMIN_BODY_MAX_BYTES, actOf } from "../shared/admin-request.ts";
import { parseBody } from "../shared/to-body.ts";

export const invitesCreate = defineEndpoint({
  name: "invites-create",
  summary: "Invite somebody to the organization by e-mail address",
  method: "POST",
  path: "/v1/organizations/invites",
  permission: "admin",
  body: { schema: InviteCreateRequest, maxBytes: ADMIN_BODY_MAX_BYTES, parse: (json) => parseBody(InviteCreateRequest, json) },
  reply: { schema: OrganizationInvite },
  async handle(request, { tenancy }) {
    const { email, role } = request.body;
    const invite = await createInvite(tenancy, actOf(request), { email, role });
    return { kind: "json", body: toInvite(invite, tenancy.clock.nowMs()) };
  },
});
