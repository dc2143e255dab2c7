import Anthropic from "@anthropic-ai/sdk";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAdminKey, revokeAdminKey } from "../../src/auth/manage-admin-keys.ts";
import { createKey, revokeKey, rotateKey } from "../../src/auth/manage-api-keys.ts";
import { addUser } from "../../src/tenancy/manage-users.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { verifyAuditLog } from "../../src/tenancy/verify-audit-log.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
let admin: Anthropic["organization"];
beforeAll(async () => {
  platform = await startPlatform();
  admin = new Anthropic({ baseURL: platform.url, apiKey: platform.adminKey, maxRetries: 0 }).organization;
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

interface Event {
  readonly sequence: number;
  readonly action: string;
  readonly actor: { readonly type: string; readonly id: string };
  readonly target: { readonly type: string; readonly id: string };
  readonly before: unknown;
  readonly after: unknown;
  readonly request_id: string | null;
}

async function list(query = ""): Promise<{ data: Event[]; next_page: string | null }> {
  const reply = await fetch(`${platform.url}/v1/organizations/audit_log${query}`, {
    headers: { "x-api-key": platform.adminKey, "anthropic-version": "2026-10-21" },
  });
  expect(reply.status).toBe(200);
  return (await reply.json()) as { data: Event[]; next_page: string | null };
}

/** As somebody does who owns the database. */
const tamper = (statement: ReturnType<typeof sql>) =>
  platform.storage.run({ operation: "tamper", repeatable: false }, (database) =>
    database.transaction(async (transaction) => {
      await transaction.execute(sql`set local session_replication_role = replica`);
      await transaction.execute(statement);
    }),
  );

test("every administrative act leaves a row: who, what, before, after and the request", async () => {
  const since = (await list("?limit=1")).data[0]?.sequence ?? 0;
  const act = { ...SYSTEM, organizationId: platform.organizationId };
  const ann = await addUser(platform.keys, act, { email: "ann@example.com", name: "Ann", role: "developer" });
  await addUser(platform.keys, act, { email: "ben@example.com", name: "Ben", role: "developer" });
  await admin.users.update(ann.id, { role: "billing" });
  const invite = await admin.invites.create({ email: "cy@example.com", role: "user" });
  await admin.invites.delete(invite.id);
  const workspace = await admin.workspaces.create({ name: "Audited" });
  const renamed = await admin.workspaces.update(workspace.id, { name: "Renamed" }).withResponse();
  await admin.workspaces.members.add(workspace.id, { user_id: ann.id, workspace_role: "workspace_user" });
  await admin.workspaces.members.update(ann.id, { workspace_id: workspace.id, workspace_role: "workspace_admin" });
  await admin.workspaces.members.remove(ann.id, { workspace_id: workspace.id });
  const key = await createKey(platform.keys, { name: "k", workspaceId: workspace.id, expiresAtMs: null }, SYSTEM);
  await admin.apiKeys.update(key.id, { status: "inactive" });
  await admin.apiKeys.update(key.id, { status: "active" });
  await rotateKey(platform.keys, key.id, 60_000, SYSTEM);
  await revokeKey(platform.keys, key.id, SYSTEM);
  const extra = await createAdminKey(platform.keys, { name: "extra", organizationId: null, expiresAtMs: null }, SYSTEM);
  await revokeAdminKey(platform.keys, extra.id, SYSTEM);
  await admin.workspaces.archive(workspace.id);
  await admin.users.remove(ann.id);

  const { data } = await list();
  const events = data.filter(({ sequence }) => sequence > since).toReversed();
  expect(events.map(({ action }) => action)).toEqual([
    "user.create",
    "user.create",
    "user.update",
    "invite.create",
    "invite.delete",
    "workspace.create",
    "workspace.update",
    "workspace_member.create",
    "workspace_member.update",
    "workspace_member.delete",
    "api_key.create",
    "api_key.update",
    "api_key.update",
    "api_key.rotate",
    "api_key.create",
    "api_key.update",
    "admin_key.create",
    "admin_key.update",
    "workspace.archive",
    "user.delete",
  ]);
  expect(events.find(({ action }) => action === "workspace.update")).toMatchObject({
    actor: { type: "admin_api_key", id: expect.stringMatching(/^adminkey_/) },
    target: { type: "workspace", id: workspace.id },
    before: { name: "Audited" },
    after: { name: "Renamed" },
    request_id: renamed.request_id,
  });
  expect(JSON.stringify(data)).not.toContain("sk-ant-api03-" + key.secret.slice(16, 60));
  expect(await verifyAuditLog(platform.keys)).toMatchObject([{ organizationId: platform.organizationId, fault: null }]);
});

test("what changes nothing, and what is refused, leaves no row", async () => {
  const before = (await list("?limit=1")).data[0]?.sequence;
  await admin.workspaces.update(platform.workspaceId, { name: "Default" });
  await expect(admin.workspaces.archive(platform.workspaceId)).rejects.toMatchObject({ status: 400 });
  await expect(admin.users.remove("user_01absent")).rejects.toMatchObject({ status: 404 });
  expect((await list("?limit=1")).data[0]?.sequence).toBe(before);
});

test("the list pages with a cursor, newest first, and filters", async () => {
  const seen: number[] = [];
  for (let page: string | null = ""; page !== null;) {
    const { data, next_page: next } = await list(`?limit=7${page === "" ? "" : `&page=${page}`}`);
    seen.push(...data.map(({ sequence }) => sequence));
    page = next;
  }
  expect(seen).toEqual(Array.from({ length: seen.length }, (_, at) => seen.length - at));
  expect(seen.length).toBeGreaterThan(20);
  const archived = (await list("?action=workspace.archive")).data;
  expect(archived).toHaveLength(1);
  const target = archived[0]?.target.id ?? "";
  expect((await list(`?target_id=${target}`)).data.every((event) => event.target.id === target)).toBe(true);
  expect((await list("?starting_at=2100-01-01T00:00:00Z")).data).toEqual([]);
  expect((await list("?ending_at=2000-01-01T00:00:00Z")).data).toEqual([]);
});

test("a hundred changes at once leave a chain without gaps", async () => {
  const before = (await list("?limit=1")).data[0]?.sequence ?? 0;
  await Promise.all(Array.from({ length: 100 }, (_, at) => admin.workspaces.create({ name: `w${at}` })));
  expect((await list("?limit=1")).data[0]?.sequence).toBe(before + 100);
  expect(await verifyAuditLog(platform.keys)).toMatchObject([{ rows: before + 100, fault: null }]);
});

test("our own database user cannot change or remove a row", async () => {
  for (const statement of [sql`update audit_log set action = 'x'`, sql`delete from audit_log`, sql`truncate audit_log`]) {
    await expect(
      platform.storage.run({ operation: "change", repeatable: false }, (database) => database.execute(statement)),
    ).rejects.toMatchObject({ type: "api_error", internal: expect.stringContaining("append-only") });
  }
});

test("a changed, a removed, a moved and a forged row are found, and so is a cut end", async () => {
  const check = async () => (await verifyAuditLog(platform.keys))[0]?.fault;
  const { data } = await list("?limit=1000");
  const last = data[0]!.sequence;
  await tamper(sql`create table kept as select * from audit_log`);
  await tamper(sql`create table kept_heads as select * from audit_heads`);
  const restore = async () => {
    await tamper(sql`delete from audit_log`);
    await tamper(sql`insert into audit_log select * from kept`);
    await tamper(sql`delete from audit_heads`);
    await tamper(sql`insert into audit_heads select * from kept_heads`);
    expect(await check()).toBeNull();
  };

  await tamper(sql`update audit_log set after = '{"role":"user"}' where action = 'user.update'`);
  expect(await check()).toMatch(/^row \d+ was changed$/);
  await restore();
  await tamper(sql`update audit_log set actor_id = 'somebody' where sequence = 3`);
  expect(await check()).toBe("row 3 was changed");
  await restore();
  await tamper(sql`delete from audit_log where sequence = 4`);
  expect(await check()).toBe("row 4 is missing");
  await restore();
  await tamper(sql`delete from audit_log where sequence = 5`);
  await tamper(sql`update audit_log set sequence = 5 where sequence = 6`);
  expect(await check()).toBe("row 5 does not follow the one before it");
  await restore();
  await tamper(sql`delete from audit_log where sequence > ${last - 3}`);
  expect(await check()).toBe(`rows from ${last - 2} to ${last} are missing`);
  await restore();
  // Without the key outside the database nobody can write a hash that holds.
  await tamper(sql`update audit_log set action = 'forged', hash = encode(sha256('forged'), 'base64') where sequence = ${last}`);
  expect(await check()).toBe(`row ${last} was changed`);
  await restore();
});

test("a log that was set back to an earlier state is told by a row that was noted elsewhere", async () => {
  const [noted] = await verifyAuditLog(platform.keys);
  const note = { organizationId: noted!.organizationId, sequence: noted!.rows, hash: noted!.hash };
  await tamper(sql`delete from audit_log where sequence = ${note.sequence}`);
  await tamper(
    sql`update audit_heads set (sequence, hash) = (select sequence, hash from audit_log order by sequence desc limit 1)`,
  );
  expect(await verifyAuditLog(platform.keys)).toMatchObject([{ fault: null }]);
  expect(await verifyAuditLog(platform.keys, [note])).toMatchObject([{ fault: expect.stringContaining("before the noted row") }]);
});
