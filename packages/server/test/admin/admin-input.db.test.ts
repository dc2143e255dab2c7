import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAdminKey } from "../../src/auth/manage-admin-keys.ts";
import { createKey } from "../../src/auth/manage-api-keys.ts";
import { createOrganization } from "../../src/tenancy/create-organization.ts";
import { createInvite } from "../../src/tenancy/manage-invites.ts";
import { addUser } from "../../src/tenancy/manage-users.ts";
import { addWorkspaceMember } from "../../src/tenancy/manage-workspace-members.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
/** Another organization's objects. */
let foreign: { user: string; invite: string; workspace: string; key: string };
beforeAll(async () => {
  platform = await startPlatform();
  const { organizationId, workspaceId } = await createOrganization(platform.keys, "Other", SYSTEM);
  const act = { ...SYSTEM, organizationId };
  const user = await addUser(platform.keys, act, { email: "x@example.com", name: "X", role: "developer" });
  const invite = await createInvite(platform.keys, act, { email: "y@example.com", role: "user" });
  const key = await createKey(platform.keys, { name: "theirs", workspaceId, expiresAtMs: null }, SYSTEM);
  await addWorkspaceMember(platform.keys, act, { workspaceId, userId: user.id, role: "workspace_user" });
  await createAdminKey(platform.keys, { name: "theirs", organizationId, expiresAtMs: null }, SYSTEM);
  foreign = { user: user.id, invite: invite.id, workspace: workspaceId, key: key.id };
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

interface Reply {
  readonly status: number;
  readonly body: { readonly data?: readonly unknown[]; readonly error?: { readonly type: string; readonly message: string } };
}

async function call(method: string, path: string, body?: unknown): Promise<Reply> {
  const reply = await fetch(`${platform.url}/v1/organizations${path}`, {
    method,
    headers: { "x-api-key": platform.adminKey, "anthropic-version": "2026-10-21", "content-type": "application/json" },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: reply.status, body: (await reply.json()) as Reply["body"] };
}

const HOSTILE = [
  "%",
  "_%",
  "' or '1'='1",
  "'; drop table users; --",
  '"',
  "\\",
  "\u202Eadmin",
  "\u{1F600}",
  "ＡＤＭＩＮ",
  "\uFEFF",
  "a\u0301",
];

/** The very text, or one that fits. */
const asTold = (message: string | RegExp): unknown => (typeof message === "string" ? message : expect.stringMatching(message));

describe("bodies that make no sense are told where", () => {
  const WORKSPACE = "/workspaces";
  test.each([
    [WORKSPACE, {}, "name: Field required"],
    [WORKSPACE, { name: "x", colour: "#fff" }, "colour: Extra inputs are not permitted"],
    [WORKSPACE, { name: "" }, "name: String should have at least 1 character"],
    [WORKSPACE, { name: "x".repeat(41) }, "name: String should have at most 40 characters"],
    [WORKSPACE, { name: "x\u0000y" }, /^name: String should match pattern/],
    [WORKSPACE, { name: "x\uD800" }, /^name: String should match pattern/],
    [WORKSPACE, { name: " \u3000 " }, /^name: String should match pattern/],
    [WORKSPACE, { name: "x", display_color: "red" }, /^display_color: String should match pattern/],
    [WORKSPACE, { name: "x", tags: { Anthropic_team: "a" } }, "tags.Anthropic_team: Keys may not begin with 'anthropic'"],
    [WORKSPACE, { name: "x", tags: { "a\u0000": "b" } }, /^tags: /],
    [WORKSPACE, { name: "x", tags: { a: "\uDC00" } }, /^tags\.a: String should match pattern/],
    [WORKSPACE, { name: "x", tags: { a: 1 } }, "tags.a: Input should be a valid string"],
    [WORKSPACE, { name: "x", data_residency: { workspace_geo: "eu" } }, "data_residency.workspace_geo: Input should be 'us'"],
    [
      WORKSPACE,
      { name: "x", data_residency: { allowed_inference_geos: ["us"], default_inference_geo: "global" } },
      "data_residency.default_inference_geo: Value must be a member of `allowed_inference_geos`",
    ],
    [WORKSPACE, { name: "x", external_key_id: "k" }, /^external_key_id: /],
    [WORKSPACE, '{"name":', /JSON/],
    [WORKSPACE, "[]", /dictionary or object/],
    ["/invites", { email: "nobody", role: "user" }, "email: value is not a valid email address"],
    ["/invites", { email: "a@example.com", role: "admin" }, /^role: Input should be 'user', 'developer', 'billing' or/],
    ["/invites", { email: "a@example.com", role: "user", rbac_group_ids: ["g"] }, /^rbac_group_ids: /],
    ["/users/user_x", { role: "primary_owner" }, /^role: Input should be/],
    ["/api_keys/apikey_x", { status: "expired" }, "status: Input should be 'active', 'inactive' or 'archived'"],
    ["/api_keys/apikey_x", { scope: {} }, "scope: Extra inputs are not permitted"],
    ["/workspaces/w/members", { user_id: "u", workspace_role: "workspace_billing" }, /^workspace_role: Input should be/],
  ])("POST %s %j", async (path, body, message) => {
    const reply = await call("POST", path, body);
    expect(reply).toMatchObject({ status: 400, body: { error: { type: "invalid_request_error", message: asTold(message) } } });
  });
});

describe("queries that make no sense are told where", () => {
  test.each([
    ["/users?limit=0", "limit: Input should be greater than or equal to 1"],
    ["/users?limit=1001", "limit: Input should be less than or equal to 1000"],
    ["/users?roles[]=king", /^roles\.0: Input should be 'user', /],
    ["/users?email=a%00b", "email: Input should not contain NUL"],
    ["/invites?statuses[]=deleted", "statuses.0: Input should be 'accepted', 'expired' or 'pending'"],
    ["/workspaces?include_archived=perhaps", /^include_archived: Input should be a valid boolean/],
    [
      `/workspaces?${Array.from({ length: 101 }, (_, at) => `ids[]=w${at}`).join("&")}`,
      /^ids: List should have at most 100 items/,
    ],
    ["/api_keys?status=on", "status: Input should be 'active', 'inactive', 'archived' or 'expired'"],
    ["/api_keys?after_id=%00", "after_id: Input should not contain NUL"],
    ["/api_keys?after_id=apikey_01absent", /^after_id: no object of this list/],
    ["/audit_log?page=nonsense", "page: Invalid page token"],
    ["/audit_log?starting_at=yesterday", /^starting_at: /],
  ])("GET %s", async (path, message) => {
    const reply = await call("GET", path);
    expect(reply).toMatchObject({ status: 400, body: { error: { type: "invalid_request_error", message: asTold(message) } } });
  });
});

test.each(HOSTILE)("the filter text %j finds nothing and breaks nothing", async (text) => {
  const value = encodeURIComponent(text);
  for (const path of [
    `/users?email=${value}`,
    `/invites?email=${value}`,
    `/workspaces?include_default=true&ids[]=${value}`,
    `/api_keys?workspace_id=${value}`,
    `/api_keys?created_by_user_id=${value}`,
    `/audit_log?action=${value}`,
    `/audit_log?actor_id=${value}`,
    `/audit_log?target_id=${value}`,
  ]) {
    expect(await call("GET", path), path).toMatchObject({ status: 200, body: { data: [] } });
  }
});

test("another organization's objects answer exactly like absent ones", async () => {
  const places: [method: string, path: (id: string) => string, foreignId: string, absentId: string, body?: unknown][] = [
    ["GET", (id) => `/users/${id}`, foreign.user, "user_01absent"],
    ["POST", (id) => `/users/${id}`, foreign.user, "user_01absent", { role: "user" }],
    ["DELETE", (id) => `/users/${id}`, foreign.user, "user_01absent"],
    ["GET", (id) => `/invites/${id}`, foreign.invite, "invite_01absent"],
    ["DELETE", (id) => `/invites/${id}`, foreign.invite, "invite_01absent"],
    ["GET", (id) => `/workspaces/${id}`, foreign.workspace, "wrkspc_01absent"],
    ["POST", (id) => `/workspaces/${id}`, foreign.workspace, "wrkspc_01absent", { name: "x" }],
    ["POST", (id) => `/workspaces/${id}/archive`, foreign.workspace, "wrkspc_01absent"],
    ["GET", (id) => `/workspaces/${id}/members`, foreign.workspace, "wrkspc_01absent"],
    [
      "POST",
      (id) => `/workspaces/${id}/members`,
      foreign.workspace,
      "wrkspc_01absent",
      { user_id: "u", workspace_role: "workspace_user" },
    ],
    ["GET", (id) => `/workspaces/${id}/members/${foreign.user}`, foreign.workspace, "wrkspc_01absent"],
    [
      "POST",
      (id) => `/workspaces/${id}/members/${foreign.user}`,
      foreign.workspace,
      "wrkspc_01absent",
      { workspace_role: "workspace_user" },
    ],
    ["DELETE", (id) => `/workspaces/${id}/members/${foreign.user}`, foreign.workspace, "wrkspc_01absent"],
    ["GET", (id) => `/workspaces/${platform.workspaceId}/members/${id}`, foreign.user, "user_01absent"],
    ["GET", (id) => `/api_keys/${id}`, foreign.key, "apikey_01absent"],
    ["POST", (id) => `/api_keys/${id}`, foreign.key, "apikey_01absent", { name: "x" }],
  ];
  for (const [method, path, foreignId, absentId, body] of places) {
    const [theirs, absent] = [await call(method, path(foreignId), body), await call(method, path(absentId), body)];
    expect(theirs, `${method} ${path(foreignId)}`).toMatchObject({ status: 404, body: { error: { type: "not_found_error" } } });
    expect(theirs.body.error?.message.replace(foreignId, absentId)).toBe(absent.body.error?.message);
  }
  const member = await call("POST", `/workspaces/${platform.workspaceId}/members`, {
    user_id: foreign.user,
    workspace_role: "workspace_user",
  });
  expect(member).toMatchObject({ status: 404 });
});

test("an id that cannot be one is 404 like any other", async () => {
  for (const id of ["%00", "%27%20or%201=1", "..%2f..", "x".repeat(300), "%F0%9F%98%80"]) {
    for (const place of ["users", "invites", "workspaces", "api_keys"]) {
      expect(await call("GET", `/${place}/${id}`), `${place} ${id}`).toMatchObject({ status: 404 });
    }
  }
});

test("another organization's objects are in no list", async () => {
  const lists = ["/users", "/invites", "/workspaces?include_default=true&include_archived=true", "/api_keys", "/audit_log"];
  for (const path of lists) {
    const text = JSON.stringify((await call("GET", path)).body);
    for (const id of Object.values(foreign)) expect(text, path).not.toContain(id);
  }
});
