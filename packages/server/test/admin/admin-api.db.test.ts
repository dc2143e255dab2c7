import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKey } from "../../src/auth/manage-api-keys.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { addUser } from "../../src/tenancy/manage-users.ts";
import { acceptInvite } from "../../src/tenancy/manage-invites.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
let admin: Anthropic["organization"];
let act: Parameters<typeof addUser>[1];
beforeAll(async () => {
  platform = await startPlatform();
  admin = new Anthropic({ baseURL: platform.url, apiKey: platform.adminKey, maxRetries: 0 }).organization;
  act = { ...SYSTEM, organizationId: platform.organizationId };
  await addUser(platform.keys, act, { email: "owner@example.com", name: "Olga", role: "primary_owner" });
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

const addPerson = (email: string, role: "user" | "developer" | "billing" = "developer") =>
  addUser(platform.keys, act, { email, name: email.split("@")[0] ?? "", role });
const ids = (page: { data: readonly { id: string }[] }) => page.data.map(({ id }) => id);
const collect = async <Item>(pages: AsyncIterable<Item>): Promise<Item[]> => Array.fromAsync(pages);
const refused = (status: number, code?: string) =>
  code === undefined
    ? { status }
    : { status, error: { error: { type: "invalid_request_error", details: { error_code: code } } } };

describe("users", () => {
  test("are listed newest first, page by page, and filtered by address and roles", async () => {
    const people = [
      await addPerson("p1@example.com"),
      await addPerson("p2@example.com", "user"),
      await addPerson("P3@Example.com"),
    ];
    const [p1, p2, p3] = people.map(({ id }) => id);
    const first = await admin.users.list({ limit: 2 });
    expect(ids(first)).toEqual([p3, p2]);
    expect(first).toMatchObject({ has_more: true, first_id: p3, last_id: p2 });
    expect(ids(await first.getNextPage())).toContain(p1);
    expect(ids(await admin.users.list({ before_id: p1!, limit: 1 }))).toEqual([p2]);
    expect((await collect(admin.users.list({ limit: 1 }))).map(({ id }) => id)).toEqual(expect.arrayContaining([p1, p2, p3]));
    expect(ids(await admin.users.list({ email: "p3@EXAMPLE.com" }))).toEqual([p3]);
    expect(ids(await admin.users.list({ roles: ["user"] }))).toEqual([p2]);
    expect(ids(await admin.users.list({ roles: ["user", "primary_owner"] }))).toHaveLength(2);
    expect(await admin.users.retrieve(p3!)).toEqual({
      id: p3,
      type: "user",
      email: "P3@Example.com",
      name: "P3",
      role: "developer",
      added_at: people[2]?.createdAt.toISOString(),
    });
  });

  test("change their role, are removed, and are gone", async () => {
    const { id } = await addPerson("leaver@example.com");
    expect(await admin.users.update(id, { role: "billing" })).toMatchObject({ id, role: "billing" });
    expect(await admin.users.remove(id)).toEqual({ id, type: "user_deleted" });
    await expect(admin.users.retrieve(id)).rejects.toMatchObject(refused(404));
    await expect(admin.users.remove(id)).rejects.toMatchObject(refused(404));
  });

  test("an admin key neither unseats nor removes an owner", async () => {
    const [owner] = (await admin.users.list({ roles: ["primary_owner"] })).data;
    await expect(admin.users.update(owner!.id, { role: "user" })).rejects.toMatchObject(refused(403));
    await expect(admin.users.remove(owner!.id)).rejects.toMatchObject(refused(403));
  });

  test("the only member stays, with the SDK's own error", async () => {
    await using other = await startPlatform();
    const client = new Anthropic({ baseURL: other.url, apiKey: other.adminKey, maxRetries: 0 }).organization;
    const only = await addUser(
      other.keys,
      { ...SYSTEM, organizationId: other.organizationId },
      { email: "a@example.com", name: "A", role: "user" },
    );
    await expect(client.users.remove(only.id)).rejects.toBeInstanceOf(Anthropic.Organization.CannotRemoveLastMemberError);
  });
});

describe("invites", () => {
  test("live 21 days, are found by address, role and status, and are deleted but still told of", async () => {
    const invite = await admin.invites.create({ email: "New.Person@example.com", role: "developer" });
    expect(invite).toMatchObject({ type: "invite", status: "pending", role: "developer", accepted_at: null, rbac_group_ids: [] });
    expect(Date.parse(invite.expires_at) - Date.parse(invite.invited_at)).toBe(21 * 86_400_000);
    expect(await admin.invites.retrieve(invite.id)).toEqual(invite);
    expect(
      ids(await admin.invites.list({ email: "new.person@EXAMPLE.com", roles: ["developer"], statuses: ["pending"] })),
    ).toEqual([invite.id]);
    expect(ids(await admin.invites.list({ statuses: ["accepted", "expired"] }))).toEqual([]);
    expect(await admin.invites.delete(invite.id)).toEqual({ id: invite.id, type: "invite_deleted" });
    expect(ids(await admin.invites.list())).not.toContain(invite.id);
    expect(await admin.invites.retrieve(invite.id)).toMatchObject({ status: "deleted" });
    // Once it is gone the address is free again.
    await admin.invites.create({ email: "new.person@example.com", role: "user" });
  });

  test("of ten at once for one address one is made; the others get invite_already_exists", async () => {
    const tries = await Promise.allSettled(
      Array.from({ length: 10 }, () => admin.invites.create({ email: "race@example.com", role: "user" })),
    );
    expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const reasons = tries.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
    expect(reasons.every((reason) => reason instanceof Anthropic.Organization.InviteAlreadyExistsError)).toBe(true);
  });

  test("for a member are refused with already_member", async () => {
    await addPerson("inside@example.com");
    await expect(admin.invites.create({ email: "INSIDE@example.com", role: "user" })).rejects.toMatchObject(
      refused(400, "already_member"),
    );
  });

  test("once accepted make a member and cannot be deleted or accepted again", async () => {
    const invite = await admin.invites.create({ email: "guest@example.com", role: "billing" });
    const user = await acceptInvite(platform.keys, act, invite.id, { name: "Guest" });
    expect(await admin.users.retrieve(user.id)).toMatchObject({ email: "guest@example.com", role: "billing" });
    expect(await admin.invites.retrieve(invite.id)).toMatchObject({ status: "accepted" });
    await expect(admin.invites.delete(invite.id)).rejects.toMatchObject(refused(400));
    await expect(acceptInvite(platform.keys, act, invite.id, { name: "Guest" })).rejects.toMatchObject({
      type: "conflict_error",
    });
  });

  test("expire by the clock", async () => {
    const invite = await admin.invites.create({ email: "late@example.com", role: "user" });
    const later = { ...platform.keys, clock: { ...platform.keys.clock, nowMs: () => Date.now() + 22 * 86_400_000 } };
    await expect(acceptInvite(later, act, invite.id, { name: "Late" })).rejects.toMatchObject({ type: "conflict_error" });
  });
});

describe("workspaces", () => {
  test("are made, changed and listed with what the platform's have", async () => {
    const made = await admin.workspaces.create({
      name: "Research",
      display_color: "#102030",
      tags: { team: "nlp", cost: "42" },
      data_residency: { allowed_inference_geos: ["us"], default_inference_geo: "us" },
    });
    expect(made).toMatchObject({
      type: "workspace",
      name: "Research",
      display_color: "#102030",
      archived_at: null,
      external_key_id: null,
      user_profile_id: null,
      tags: { team: "nlp", cost: "42" },
      data_residency: { workspace_geo: "us", allowed_inference_geos: ["us"], default_inference_geo: "us" },
    });
    expect(made.id).toMatch(/^wrkspc_01/);
    const changed = await admin.workspaces.update(made.id, {
      name: "Research 2",
      tags: { cost: null, lead: "ada" },
      data_residency: { allowed_inference_geos: "unrestricted" },
    });
    expect(changed).toEqual({
      ...made,
      name: "Research 2",
      tags: { team: "nlp", lead: "ada" },
      data_residency: { workspace_geo: "us", allowed_inference_geos: "unrestricted", default_inference_geo: "us" },
    });
    expect(await admin.workspaces.retrieve(made.id)).toEqual(changed);
    expect(await admin.workspaces.update(made.id, {})).toEqual(changed);
  });

  test("the default one and archived ones are listed where they are asked for", async () => {
    const [kept, gone] = [await admin.workspaces.create({ name: "Kept" }), await admin.workspaces.create({ name: "Gone" })];
    expect((await admin.workspaces.archive(gone.id)).archived_at).not.toBeNull();
    const three = [kept.id, gone.id, platform.workspaceId];
    expect(ids(await admin.workspaces.list({ ids: three }))).toEqual([kept.id]);
    expect(ids(await admin.workspaces.list({ ids: three, include_archived: true }))).toEqual([gone.id, kept.id]);
    expect(ids(await admin.workspaces.list({ ids: three, include_default: true }))).toEqual([kept.id, platform.workspaceId]);
  });

  test("an archived one stays so, cannot be changed, and its keys are archived with it; the default one cannot be", async () => {
    const { id } = await admin.workspaces.create({ name: "Ending" });
    const key = await createKey(platform.keys, { name: "k", workspaceId: id, expiresAtMs: null }, SYSTEM);
    const archived = await admin.workspaces.archive(id);
    expect(await admin.workspaces.archive(id)).toEqual(archived);
    expect(await admin.apiKeys.retrieve(key.id)).toMatchObject({ status: "archived" });
    await expect(admin.workspaces.update(id, { name: "Again" })).rejects.toMatchObject(refused(400));
    await expect(createKey(platform.keys, { name: "late", workspaceId: id, expiresAtMs: null }, SYSTEM)).rejects.toMatchObject({
      type: "not_found_error",
    });
    await expect(admin.workspaces.archive(platform.workspaceId)).rejects.toMatchObject(refused(400));
  });

  test("have members with roles of their own", async () => {
    const { id } = await admin.workspaces.create({ name: "Crowd" });
    const [ann, ben] = [await addPerson("ann@example.com"), await addPerson("ben@example.com", "billing")];
    const added = await admin.workspaces.members.add(id, { user_id: ann.id, workspace_role: "workspace_developer" });
    const member = { type: "workspace_member", user_id: ann.id, workspace_id: id, workspace_role: "workspace_developer" };
    expect(added).toEqual(member);
    expect(await admin.workspaces.members.add(id, { user_id: ann.id, workspace_role: "workspace_developer" })).toEqual(member);
    await expect(admin.workspaces.members.add(id, { user_id: ann.id, workspace_role: "workspace_admin" })).rejects.toMatchObject(
      refused(400, "already_member"),
    );
    await admin.workspaces.members.add(id, { user_id: ben.id, workspace_role: "workspace_user" });
    const listed = await collect(admin.workspaces.members.list(id, { limit: 1 }));
    expect(listed.map(({ user_id: userId }) => userId)).toEqual([ben.id, ann.id]);
    expect(
      await admin.workspaces.members.update(ben.id, { workspace_id: id, workspace_role: "workspace_billing" }),
    ).toMatchObject({ workspace_role: "workspace_billing" });
    await expect(
      admin.workspaces.members.update(ann.id, { workspace_id: id, workspace_role: "workspace_billing" }),
    ).rejects.toMatchObject(refused(400));
    expect(await admin.workspaces.members.retrieve(ann.id, { workspace_id: id })).toEqual(member);
    expect(await admin.workspaces.members.remove(ann.id, { workspace_id: id })).toEqual({
      type: "workspace_member_deleted",
      user_id: ann.id,
      workspace_id: id,
    });
    await expect(admin.workspaces.members.retrieve(ann.id, { workspace_id: id })).rejects.toMatchObject(refused(404));
    await admin.users.remove(ben.id);
    expect((await admin.workspaces.members.list(id)).data).toEqual([]);
  });
});

describe("API keys", () => {
  test("are listed with hint, scope and status, and found by workspace, status and creator", async () => {
    const workspace = await admin.workspaces.create({ name: "Keys" });
    const creator = await addPerson("maker@example.com");
    const doer = { actor: { type: "user" as const, id: creator.id }, requestId: null };
    const place = { workspaceId: workspace.id };
    const mine = await createKey(platform.keys, { ...place, name: "mine", expiresAtMs: null }, doer);
    const old = await createKey(platform.keys, { ...place, name: "old", expiresAtMs: Date.now() - 1 }, SYSTEM);
    expect(await admin.apiKeys.retrieve(mine.id)).toEqual({
      id: mine.id,
      type: "api_key",
      name: "mine",
      status: "active",
      partial_key_hint: mine.partialHint,
      created_at: expect.stringMatching(/Z$/),
      created_by: { id: creator.id, type: "user" },
      expires_at: null,
      principal: null,
      scope: { type: "workspace", workspace_id: workspace.id },
    });
    const at = { workspace_id: workspace.id };
    expect(ids(await admin.apiKeys.list(at))).toEqual([old.id, mine.id]);
    expect(ids(await admin.apiKeys.list({ ...at, status: "expired" }))).toEqual([old.id]);
    expect(ids(await admin.apiKeys.list({ ...at, status: "active" }))).toEqual([mine.id]);
    expect(ids(await admin.apiKeys.list({ created_by_user_id: creator.id }))).toEqual([mine.id]);
    await expect(admin.apiKeys.update(old.id, { status: "active", name: "new name" })).rejects.toMatchObject(refused(400));
  });

  test("are renamed, switched off and on, and archived for good", async () => {
    const key = await createKey(platform.keys, { name: "k", workspaceId: null, expiresAtMs: null }, SYSTEM);
    const models = new Anthropic({ baseURL: platform.url, apiKey: key.secret, maxRetries: 0 }).models;
    await models.list();
    expect(await admin.apiKeys.update(key.id, { name: "renamed", status: "inactive" })).toMatchObject({
      name: "renamed",
      status: "inactive",
    });
    await expect(models.list()).rejects.toMatchObject(refused(401));
    await admin.apiKeys.update(key.id, { status: "active" });
    await models.list();
    await admin.apiKeys.update(key.id, { status: "archived" });
    await expect(models.list()).rejects.toMatchObject(refused(401));
    await expect(admin.apiKeys.update(key.id, { status: "active" })).rejects.toMatchObject(refused(400));
    expect(await admin.apiKeys.update(key.id, { status: "archived" })).toMatchObject({ status: "archived" });
  });

  test("have a workspace_id in the older dialect, null in the default workspace", async () => {
    const get = async (path: string, version: string) =>
      (await fetch(`${platform.url}/v1/organizations/api_keys${path}`, {
        headers: { "x-api-key": platform.adminKey, "anthropic-version": version },
      }).then((reply) => reply.json())) as Record<string, unknown>;
    const workspace = await admin.workspaces.create({ name: "Old clients" });
    const key = await createKey(platform.keys, { name: "k", workspaceId: workspace.id, expiresAtMs: null }, SYSTEM);
    const inDefault = await createKey(platform.keys, { name: "d", workspaceId: null, expiresAtMs: null }, SYSTEM);
    expect(await get(`/${key.id}`, "2023-06-01")).toMatchObject({
      workspace_id: workspace.id,
      scope: { workspace_id: workspace.id },
    });
    expect(await get(`/${inDefault.id}`, "2023-06-01")).toMatchObject({
      workspace_id: null,
      scope: { type: "workspace", workspace_id: platform.workspaceId },
    });
    expect(await get(`/${key.id}`, "2026-10-21")).not.toHaveProperty("workspace_id");
  });
});
