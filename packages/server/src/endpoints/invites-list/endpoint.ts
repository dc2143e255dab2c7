import { InviteListStatus, OrganizationInvitePage, OrganizationRole } from "@parley/wire";
import { z } from "zod";
import { listInvites } from "../../storage/invites.ts";
import { normalizeEmail } from "../../tenancy/normalize-email.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toInvite } from "../shared/admin-objects.ts";
import { queryChoices, queryText } from "../shared/admin-request.ts";
import { PAGE_QUERY, parsePageQuery, toPageBody } from "../shared/page-query.ts";

export const invitesList = defineEndpoint({
  name: "invites-list",
  summary: "List invites, newest first; deleted ones are left out",
  method: "GET",
  path: "/v1/organizations/invites",
  permission: "admin",
  query: z.object({
    ...PAGE_QUERY,
    email: z.string().optional(),
    "roles[]": z.array(OrganizationRole).optional(),
    "statuses[]": z.array(InviteListStatus).optional(),
  }),
  reply: { schema: OrganizationInvitePage },
  async handle({ admin, query }, { tenancy }) {
    const email = queryText(query, "email");
    const nowMs = tenancy.clock.nowMs();
    const filter = {
      emailKey: email === null ? null : normalizeEmail(email),
      roles: queryChoices(query, "roles", OrganizationRole),
      statuses: queryChoices(query, "statuses", InviteListStatus),
      nowMs,
    };
    const page = await listInvites(tenancy.storage, admin.organizationId, filter, parsePageQuery(query));
    return { kind: "json", body: toPageBody(page, (row) => toInvite(row, nowMs)) };
  },
});
