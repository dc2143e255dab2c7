import { OrganizationUser, UserUpdateRequest } from "@parley/wire";
import { updateUserRole } from "../../tenancy/manage-users.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toUser } from "../shared/admin-objects.ts";
import { ADMIN_BODY_MAX_BYTES, actOf, idOf } from "../shared/admin-request.ts";
import { parseBody } from "../shared/to-body.ts";

export const usersUpdate = defineEndpoint({
  name: "users-update",
  summary: "Change a member's role in the organization",
  method: "POST",
  path: "/v1/organizations/users/:user_id",
  permission: "admin",
  body: { schema: UserUpdateRequest, maxBytes: ADMIN_BODY_MAX_BYTES, parse: (json) => parseBody(UserUpdateRequest, json) },
  reply: { schema: OrganizationUser },
  async handle(request, { tenancy }) {
    const id = idOf(request, "user_id", "User");
    return { kind: "json", body: toUser(await updateUserRole(tenancy, actOf(request), id, request.body.role)) };
  },
});
