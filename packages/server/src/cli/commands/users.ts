import { OrganizationRole } from "@parley/wire";
import { findFirstOrganization } from "../../storage/organizations.ts";
import { addUser } from "../../tenancy/manage-users.ts";
import { createMemoryBucketStore } from "../../limits/memory-bucket-store.ts";
import { createAccounts } from "../../sign-in/create-accounts.ts";
import { inviteLink, ownerLink, passwordLink } from "../../sign-in/links.ts";
import { createPeople } from "../../tenancy/create-people.ts";
import { noteLinkMade } from "../../tenancy/manage-users.ts";
import { readRunFile } from "../run-file.ts";
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

const INVITE_LINK_MS = 7 * 86_400_000;

/** Without an address: the owner's link. The secret stands behind `#`, which browsers send to nobody. */
export async function printLink(email: string | null, context: CliContext): Promise<void> {
  await withTenancy(context, async (deps, doer, master) => {
    const organizationId = (await findFirstOrganization(deps.storage))?.organizationId;
    if (organizationId === undefined) throw new UserError("There is no organization yet: start the server once.");
    const act = { ...doer, organizationId };
    const people = createPeople(deps, organizationId);
    const buckets = createMemoryBucketStore({ clock: deps.clock });
    const { signIn } = createAccounts({ ...deps, people, buckets, master, openId: null, keys: deps });
    const { host, port } = context.config;
    const base = readRunFile(context.dataDir)?.url ?? `http://${host}:${port}`;
    if (email === null) {
      const secret = await signIn.createOwnerLink();
      if (secret === null) throw new UserError("The organization has an owner. Give the address of the member who needs a link.");
      await noteLinkMade(deps, act, { type: "organization", id: organizationId });
      const url = ownerLink(base, secret);
      context.say(url);
      context.tell("Whoever opens it first owns the organization. It works once, within a day.");
      context.emit({ url });
      return;
    }
    const person = await people.findByEmail(email);
    if (!person) {
      const invite = await people.findInvite({ email });
      if (!invite) throw new UserError(`Nobody here has the address ${email}, and no invite waits for it.`);
      await noteLinkMade(deps, act, { type: "invite", id: invite.id });
      const secret = await signIn.createInviteLink(invite.id, deps.clock.nowMs() + INVITE_LINK_MS);
      const url = inviteLink(base, secret);
      context.say(url);
      context.tell(`With it ${invite.email} accepts the invite, within a week.`);
      context.emit({ url });
      return;
    }
    await noteLinkMade(deps, act, { type: "user", id: person.id });
    const url = passwordLink(base, await signIn.createPasswordLink(person.id));
    context.say(url);
    context.tell(`With it ${person.email} sets a password, within a day.`);
    context.emit({ url });
  });
}
