import { OrganizationRole, OrganizationUserPage } from "@parley/wire";
import { z } from "zod";
import { listUsers } from "../../storage/users.ts";
import { normalizeEmail } from "../../tenancy/normalize-email.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toUser } from "../shared/admin-objects.ts";
import { queryChoices, queryText } from "../shared/admin-request.ts";
import { PAGE_QUERY, parsePageQuery, toPageBody } from "../shared/page-query.ts";

export const usersList = defineEndpoint({
  name: "users-list",
  summary: "List the organization's members, newest first",
  method: "GET",
  path: "/v1/organizations/users",
  permission: "admin",
  query: z.object({ ...PAGE_QUERY, email: z.string().optional(), "roles[]": z.array(OrganizationRole).optional() }),
  reply: { schema: OrganizationUserPage },
  async handle({ admin, query }, { tenancy }) {
    const email = queryText(query, "email");
    const filter = {
      emailKey: email === null ? null : normalizeEmail(email),
      roles: queryChoices(query, "roles", OrganizationRole),
    };
    const page = await listUsers(tenancy.storage, admin.organizationId, filter, parsePageQuery(query));
    return { kind: "json", body: toPageBody(page, toUser) };
  },
});
