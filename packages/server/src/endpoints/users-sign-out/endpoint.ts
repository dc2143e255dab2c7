import { OrganizationUser } from "@parley/wire";
import { fail } from "../../platform/fail.ts";
import { findUser } from "../../storage/users.ts";
import { notFound } from "../../tenancy/not-found.ts";
import { signUserOut } from "../../tenancy/sign-user-out.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toUser } from "../shared/admin-objects.ts";
import { actOf, idOf } from "../shared/admin-request.ts";

const BETA = "admin-user-sign-out-2026-10-08";

export const usersSignOut = defineEndpoint({
  name: "users-sign-out",
  summary: "End every session of a member",
  method: "POST",
  path: "/v1/organizations/users/:user_id/sign_out",
  permission: "admin",
  reply: { schema: OrganizationUser },
  async handle(request, { tenancy }) {
    const id = idOf(request, "user_id", "User");
    if (!(await findUser(tenancy.storage, request.admin.organizationId, id))) throw notFound("User", id);
    if (!request.betas.includes(BETA)) {
      throw fail("invalid_request_error", { public: `anthropic-beta: This endpoint needs the header \`${BETA}\`` });
    }
    const user = await signUserOut(tenancy, actOf(request), id);
    return { kind: "json", body: toUser(user) };
  },
});
