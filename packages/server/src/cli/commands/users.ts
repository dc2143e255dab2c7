import { OrganizationRole } from "@parley/wire";
import { findFirstOrganization } from "../../storage/organizations.ts";
import { addUser } from "../../tenancy/manage-users.ts";
import { type CliContext, UserError } from "../cli-context.ts";
import { withTenancy } from "../with-tenancy.ts";

export async function createUser(
  options: { readonly email: string; readonly name: string; readonly role: string; readonly organization?: string },
  context: CliContext,
): Promise<void> {
  const role = OrganizationRole.safeParse(options.role);
  if (!role.success) throw new UserError(`--role is one of ${OrganizationRole.options.join(", ")}.`);
  await withTenancy(context, async (deps, doer) => {
    const organizationId = options.organization ?? (await findFirstOrganization(deps.storage))?.organizationId;
    if (organizationId === undefined) throw new UserError("There is no organization yet: start the server once.");
    const { email, name } = options;
    const user = await addUser(deps, { ...doer, organizationId }, { email, name, role: role.data });
    context.say(`${user.id}  ${user.role}  ${user.email}`);
    context.emit({ id: user.id, email: user.email, name: user.name, role: user.role });
  });
}
