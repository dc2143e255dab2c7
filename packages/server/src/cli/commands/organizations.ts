import { listOrganizations } from "../../storage/organizations.ts";
import { createOrganization } from "../../tenancy/create-organization.ts";
import type { CliContext } from "../cli-context.ts";
import { withTenancy } from "../with-tenancy.ts";

export async function createNamedOrganization(options: { readonly name: string }, context: CliContext): Promise<void> {
  await withTenancy(context, async (deps, doer) => {
    const created = await createOrganization(deps, options.name, doer);
    context.say(`Organization ${created.organizationId}, its default workspace ${created.workspaceId}.`);
    context.emit({ id: created.organizationId, workspace_id: created.workspaceId });
  });
}

export async function showOrganizations(context: CliContext): Promise<void> {
  await withTenancy(context, async ({ storage }) => {
    for (const { id, name, createdAt } of await listOrganizations(storage)) {
      context.say(`${id}  created ${createdAt.toISOString().slice(0, 10)}  ${name}`);
      context.emit({ id, name, created_at: createdAt.toISOString() });
    }
  });
}
