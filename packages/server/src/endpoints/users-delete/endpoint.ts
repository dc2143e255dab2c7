import { UserDeleted } from "@parley/wire";
import { removeUser } from "../../tenancy/manage-users.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { actOf, idOf } from "../shared/admin-request.ts";

export const usersDelete = defineEndpoint({
  name: "users-delete",
  summary: "Remove a member from the organization",
  method: "DELETE",
  path: "/v1/organizations/users/:user_id",
  permission: "admin",
  reply: { schema: UserDeleted },
  async handle(request, { tenancy }) {
    const id = idOf(request, "user_id", "User");
    await removeUser(tenancy, actOf(request), id);
    return { kind: "json", body: { id, type: "user_deleted" } };
  },
});
