import type { OrganizationInfo } from "@parley/wire";
import { fail } from "../platform/fail.ts";
import { findOrganization } from "../storage/organizations.ts";
import type { TenancyDeps } from "./tenancy-deps.ts";

export async function getOrganization({ storage }: TenancyDeps, organizationId: string): Promise<OrganizationInfo> {
  const found = await findOrganization(storage, organizationId);
  if (!found) throw fail("not_found_error", { public: "Organization not found" });
  return { id: found.id, type: "organization", name: found.name };
}
