import { findFirstOrganization, findOrganization } from "../storage/organizations.ts";
import type { Storage } from "../storage/storage.ts";
import { UserError } from "./cli-context.ts";

/** The organization that was named, or else the first. */
export async function chooseOrganization(storage: Storage, named: string | undefined): Promise<string> {
  const id = named ?? (await findFirstOrganization(storage))?.organizationId ?? "";
  if (!(await findOrganization(storage, id))) throw new UserError(`There is no organization ${id}.`);
  return id;
}
