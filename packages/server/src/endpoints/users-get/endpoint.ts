import { OrganizationUser } from "@parley/wire";
import { findUser } from "../../storage/users.ts";
import { notFound } from "../../tenancy/not-found.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toUser } from "../shared/admin-objects.ts";
import { idOf } from "../shared/admin-request.ts";

export const usersGet = defineEndpoint({
  name: "users-get",
  summary: "Get a member of the organization",
  method: "GET",
  path: "/v1/organizations/users/:user_id",
  permission: "admin",
  reply: { schema: OrganizationUser },
  async handle(request, { tenancy }) {
    const id = idOf(request, "user_id", "User");
    const user = await findUser(tenancy.storage, request.admin.organizationId, id);
    if (!user) throw notFound("User", id);
    return { kind: "json", body: toUser(user) };
  },
});
