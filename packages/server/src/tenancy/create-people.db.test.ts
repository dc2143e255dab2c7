import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../platform/clock.ts";
import type { Storage } from "../storage/storage.ts";
import { openTestStorage } from "../storage/testing/test-storage.ts";
import { createOrganization } from "./create-organization.ts";
import { createPeople } from "./create-people.ts";
import { createInvite } from "./manage-invites.ts";
import { addUser, removeUser, updateUserRole } from "./manage-users.ts";
import { SYSTEM, type TenancyDeps } from "./tenancy-deps.ts";

let storage: Storage;
let deps: TenancyDeps;
beforeAll(async () => {
  storage = await openTestStorage();
  deps = { storage, clock: systemClock, auditKey: randomBytes(32), authenticator: null };
});
afterAll(async () => {
  await storage.close();
});

test("of eight who take an organization at once one owns it", async () => {
  const { organizationId } = await createOrganization(deps, "Taken", SYSTEM);
  const people = createPeople(deps, organizationId);
  expect(await people.hasOwner()).toBe(false);
  const tries = await Promise.allSettled(
    Array.from({ length: 8 }, (_, at) => people.createOwner({ email: `o${at}@example.com`, name: "O" })),
  );
  const owners = tries.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  expect(owners).toHaveLength(1);
  expect(owners[0]).toMatchObject({ organizationId, role: "primary_owner" });
  expect(tries.filter((each) => each.status === "rejected").map((each) => (each.reason as { type: string }).type)).toEqual(
    Array(7).fill("conflict_error"),
  );
  expect(await people.hasOwner()).toBe(true);
});

test("the invited are found by address or invite, join once, and are then found as members", async () => {
  const { organizationId } = await createOrganization(deps, "Joined", SYSTEM);
  const people = createPeople(deps, organizationId);
  const owner = await people.createOwner({ email: "Owner@Example.com", name: "Owner" });
  const act = { organizationId, actor: { type: "user" as const, id: owner.id }, requestId: null };
  const invite = await createInvite(deps, act, { email: "guest@example.com", role: "developer" });
  expect(await people.findInvite({ email: "GUEST@example.com " })).toMatchObject({ id: invite.id, email: "guest@example.com" });
  expect(await people.findInvite({ inviteId: invite.id })).toMatchObject({ id: invite.id });
  const guest = await people.acceptInvite(invite.id, { name: "Guest" });
  expect(guest).toMatchObject({ email: "guest@example.com", name: "Guest", role: "developer" });
  expect(await people.findInvite({ inviteId: invite.id })).toBeNull();
  await expect(people.acceptInvite(invite.id, { name: "Guest" })).rejects.toMatchObject({ type: "conflict_error" });
  expect(await people.findByEmail("guest@EXAMPLE.com")).toEqual(await people.findById(guest.id));
  await removeUser(deps, act, guest.id);
  expect(await people.findById(guest.id)).toBeNull();
});

test("the last administrator cannot be removed by anybody", async () => {
  const { organizationId } = await createOrganization(deps, "Kept", SYSTEM);
  const people = createPeople(deps, organizationId);
  const owner = await people.createOwner({ email: "owner@example.com", name: "Owner" });
  const act = { organizationId, actor: { type: "user" as const, id: owner.id }, requestId: null };
  await createInvite(deps, act, { email: "a@example.com", role: "user" });
  await people.acceptInvite((await people.findInvite({ email: "a@example.com" }))?.id ?? "", { name: "A" });
  await expect(removeUser(deps, act, owner.id)).rejects.toMatchObject({ details: { error_code: "cannot_remove_last_member" } });
});

test("an administrator neither demotes nor removes an owner; an owner does, but not the last one", async () => {
  const { organizationId } = await createOrganization(deps, "Owned", SYSTEM);
  const owner = await createPeople(deps, organizationId).createOwner({ email: "owner@example.com", name: "Owner" });
  const asSystem = { ...SYSTEM, organizationId };
  const admin = await addUser(deps, asSystem, { email: "admin@example.com", name: "Admin", role: "admin" });
  const second = await addUser(deps, asSystem, { email: "second@example.com", name: "Second", role: "owner" });
  const as = (id: string) => ({ organizationId, actor: { type: "user" as const, id }, requestId: null });
  await expect(updateUserRole(deps, as(admin.id), owner.id, "user")).rejects.toMatchObject({ type: "permission_error" });
  await expect(removeUser(deps, as(admin.id), second.id)).rejects.toMatchObject({ type: "permission_error" });
  await removeUser(deps, as(owner.id), second.id);
  await expect(updateUserRole(deps, as(owner.id), owner.id, "user")).rejects.toMatchObject({
    details: { error_code: "cannot_remove_last_member" },
  });
});
