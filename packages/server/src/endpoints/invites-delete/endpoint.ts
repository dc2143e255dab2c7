import { InviteDeleted } from "@parley/wire";
import { deleteInvite } from "../../tenancy/manage-invites.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { actOf, idOf } from "../shared/admin-request.ts";

export const invitesDelete = defineEndpoint({
  name: "invites-delete",
  summary: "Delete a pending invite",
  method: "DELETE",
  path: "/v1/organizations/invites/:invite_id",
  permission: "admin",
  reply: { schema: InviteDeleted },
  async handle(request, { tenancy }) {
    const id = idOf(request, "invite_id", "Invite");
    await deleteInvite(tenancy, actOf(request), id);
    return { kind: "json", body: { id, type: "invite_deleted" } };
  },
});
