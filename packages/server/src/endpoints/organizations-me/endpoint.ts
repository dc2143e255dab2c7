import { OrganizationInfo } from "@parley/wire";
import { getOrganization } from "../../tenancy/get-organization.ts";
import { defineEndpoint } from "../define-endpoint.ts";

export const organizationsMe = defineEndpoint({
  name: "organizations-me",
  summary: "Get the admin key's organization",
  method: "GET",
  path: "/v1/organizations/me",
  permission: "admin",
  reply: { schema: OrganizationInfo },
  async handle(request, { tenancy }) {
    return { kind: "json", body: await getOrganization(tenancy, request.admin.organizationId) };
  },
});
