import Anthropic from "@anthropic-ai/sdk";
import type { ConsoleSessionSummary } from "@parley/wire";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startOpenIdProvider, type OpenIdProvider } from "../support/start-openid-provider.ts";
import { toNetworks } from "../../src/doors/anthropic/network-address.ts";
import { addUser } from "../../src/tenancy/manage-users.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { startPlatform, type Platform } from "../support/start-platform.ts";

const OWNER = { email: "ann@example.com", name: "Ann", password: "correct horse battery" };

/** As a browser would: with a cookie, and saying where the request comes from. */
interface CallOptions {
  readonly cookie?: string | null;
  readonly site?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

let platform: Platform;
let ownerCookie: string;

function call(path: string, body: unknown, { cookie = null, site = "same-origin", headers = {} }: CallOptions = {}) {
  return fetch(`${platform.url}${path}`, {
    redirect: "manual",
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(cookie === null ? {} : { cookie }),
      ...(site === null ? {} : { "sec-fetch-site": site }),
      ...headers,
    },
  });
}

const cookieOf = (response: Response): string => response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
const errorOf = async (response: Response) => ({ status: response.status, ...((await response.json()) as object) });

beforeAll(async () => {
  platform = await startPlatform();
  const secret = await platform.accounts.signIn.createOwnerLink();
  const response = await call("/console/api/owner", { secret, ...OWNER });
  ownerCookie = cookieOf(response);
});
afterAll(() => platform[Symbol.asyncDispose]());

async function signInAs(role: "developer", email: string): Promise<string> {
  const invite = (await (await call("/v1/organizations/invites", { email, role }, { cookie: ownerCookie })).json()) as {
    id: string;
    expires_at: string;
  };
  const secret = await platform.accounts.signIn.createInviteLink(invite.id, Date.parse(invite.expires_at));
  const response = await call("/console/api/invite", { secret, name: email, password: "a password of mine" });
  return cookieOf(response);
}

test("the session's cookie is for our own pages only, and says nothing", async () => {
  const response = await call("/console/api/sign-in", { email: OWNER.email, password: OWNER.password });
  expect(response.headers.getSetCookie()[0]).toMatch(
    /^parley_session=[\w-]{43}; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
  );
  expect(await response.json()).toMatchObject({
    type: "console_session",
    person: { email: "ann@example.com", name: "Ann", role: "primary_owner" },
    organization_id: platform.organizationId,
    second_factor: false,
    confirm_with: ["password"],
  });
  const overTls = await call(
    "/console/api/sign-in",
    { email: OWNER.email, password: OWNER.password },
    { headers: { "x-forwarded-proto": "https" } },
  );
  // A name that a browser takes from this host alone, and with TLS.
  expect(overTls.headers.getSetCookie()[0]).toMatch(/^__Host-parley_session=[\w-]{43}; Path=\/; .*; Secure$/);
  const cookie = cookieOf(overTls);
  const planted = cookie.replace("__Host-", "");
  const statuses = [cookie, planted].map(async (each) => {
    const { status } = await call("/console/api/session", undefined, { cookie: each, headers: { "x-forwarded-proto": "https" } });
    return status;
  });
  expect(await Promise.all(statuses)).toEqual([200, 401]);
});

test("an owner's session reaches the Admin API in place of a key", async () => {
  const users = await call("/v1/organizations/users", undefined, { cookie: ownerCookie });
  expect(users.status).toBe(200);
  expect(await users.json()).toMatchObject({ data: [expect.objectContaining({ email: "ann@example.com" })] });
});

test("another site's page can do nothing with the cookie", async () => {
  for (const options of [
    { site: "cross-site" },
    { site: "same-site" },
    { site: null, headers: { origin: "https://evil.example" } },
    { site: null, headers: { origin: "null" } },
  ]) {
    const response = await call("/v1/organizations/workspaces", { name: "x" }, { cookie: ownerCookie, ...options });
    expect(await errorOf(response)).toMatchObject({ status: 403, error: { type: "permission_error" } });
    expect((await call("/console/api/sign-out", {}, { cookie: ownerCookie, ...options })).status).toBe(403);
    expect((await call("/console/api/sign-in", OWNER, options)).status).toBe(403);
  }
});

test("a developer's session is refused where an administrator is asked for, an administrator's is not", async () => {
  const developer = await signInAs("developer", "dev@example.com");
  expect((await call("/console/api/session", undefined, { cookie: developer })).status).toBe(200);
  expect(await errorOf(await call("/v1/organizations/users", undefined, { cookie: developer }))).toMatchObject({
    status: 403,
    error: { type: "permission_error" },
  });
  // The Admin API invites in the lesser roles only; an administrator comes by the command line and a link.
  const { id } = await addUser(
    { ...platform.keys, authenticator: null },
    { ...SYSTEM, organizationId: platform.organizationId },
    { email: "admin@example.com", name: "Admin", role: "admin" },
  );
  const secret = await platform.accounts.signIn.createPasswordLink(id);
  const signedIn = await call("/console/api/password-link", { secret, password: "a password of mine" });
  expect((await call("/v1/organizations/users", undefined, { cookie: cookieOf(signedIn) })).status).toBe(200);
  expect((await call("/console/api/password-link", { secret, password: "a password of mine" })).status).toBe(401);
});

test("a signed-in person uses models in the workspaces that are theirs", async () => {
  const body = { model: "claude-haiku-4-5", max_tokens: 5, messages: [{ role: "user", content: "Hi" }] };
  const ask = (cookie: string, workspace: string | null) =>
    call("/v1/messages", body, { cookie, headers: workspace === null ? {} : { "anthropic-workspace-id": workspace } });
  const created = await call("/v1/organizations/workspaces", { name: "Research" }, { cookie: ownerCookie });
  const { id } = (await created.json()) as { id: string };
  const inWorkspace = await ask(ownerCookie, id);
  expect([inWorkspace.status, inWorkspace.headers.get("anthropic-workspace-id")]).toEqual([200, id]);
  const inDefault = await ask(ownerCookie, null);
  expect([inDefault.status, inDefault.headers.get("anthropic-workspace-id")]).toEqual([200, platform.workspaceId]);

  const developer = await signInAs("developer", "dev2@example.com");
  expect((await ask(developer, null)).status).toBe(200);
  // Like a workspace that never was.
  expect((await ask(developer, id)).status).toBe(404);
  expect((await ask(developer, "wrkspc_01nothing")).status).toBe(404);
  const { person } = (await (await call("/console/api/session", undefined, { cookie: developer })).json()) as {
    person: { id: string };
  };
  const member = { user_id: person.id, workspace_role: "workspace_developer" };
  expect((await call(`/v1/organizations/workspaces/${id}/members`, member, { cookie: ownerCookie })).status).toBe(200);
  expect((await ask(developer, id)).status).toBe(200);
  expect((await call("/v1/messages", body, { cookie: developer, site: "cross-site" })).status).toBe(403);
});

test("behind a proxy that is trusted, one network's tries are not another's", async () => {
  await using proxied = await platform.startNode({}, { trustedProxies: toNetworks(["127.0.0.1"]) });
  const tryFrom = (client: string, email: string) =>
    fetch(`${proxied.url}/console/api/sign-in`, {
      method: "POST",
      body: JSON.stringify({ email, password: "not the password" }),
      headers: { "content-type": "application/json", "x-forwarded-for": `192.0.2.1, ${client}` },
    });
  const tries = await Promise.all(Array.from({ length: 120 }, (_, at) => tryFrom("198.51.100.1", `nobody${at}@example.com`)));
  expect(tries.map(({ status }) => status)).toContain(429);
  expect((await tryFrom("198.51.100.2", "nobody@example.com")).status).toBe(401);
});

test("a NUL is refused before it costs a link", async () => {
  await using other = await startPlatform();
  const secret = await other.accounts.signIn.createOwnerLink();
  const take = (name: string) =>
    fetch(`${other.url}/console/api/owner`, {
      method: "POST",
      body: JSON.stringify({ secret, ...OWNER, name }),
      headers: { "content-type": "application/json" },
    });
  expect(await errorOf(await take("Ann\0"))).toMatchObject({
    status: 400,
    error: { type: "invalid_request_error", message: "name: Input should not contain NUL" },
  });
  expect((await take("Ann")).status).toBe(200);
  const signIn = await call("/console/api/sign-in", { email: "ann\0@example.com", password: "x" });
  expect(await errorOf(signIn)).toMatchObject({ status: 400, error: { message: "email: Input should not contain NUL" } });
});

test("signing out ends the session everywhere", async () => {
  const cookie = cookieOf(await call("/console/api/sign-in", { email: OWNER.email, password: OWNER.password }));
  await using node = await platform.startNode();
  const onOther = () => fetch(`${node.url}/console/api/session`, { headers: { cookie } });
  expect((await onOther()).status).toBe(200);
  const response = await call("/console/api/sign-out", {}, { cookie });
  expect(response.headers.getSetCookie()[0]).toMatch(/^parley_session=; .*Expires=Thu, 01 Jan 1970/);
  expect((await onOther()).status).toBe(401);
});

test("one sees where one is signed in and ends a session; an administrator ends all of a member", async () => {
  const first = await signInAs("developer", "dan@example.com");
  const second = cookieOf(await call("/console/api/sign-in", { email: "dan@example.com", password: "a password of mine" }));
  const sessionsOf = async (cookie: string) =>
    ((await (await call("/console/api/sessions", undefined, { cookie })).json()) as { data: ConsoleSessionSummary[] }).data;
  const end = (id: string, cookie: string) =>
    fetch(`${platform.url}/console/api/sessions/${id}`, {
      method: "DELETE",
      headers: { cookie, "sec-fetch-site": "same-origin" },
    });
  const isLive = async (cookie: string) => (await call("/console/api/session", undefined, { cookie })).status === 200;

  const listed = await sessionsOf(second);
  expect(listed.map(({ is_current: isCurrent }) => String(isCurrent)).toSorted()).toEqual(["false", "true"]);
  expect(JSON.stringify(listed)).not.toContain(second.split("=")[1]);
  const other = listed.find(({ is_current: isCurrent }) => !isCurrent)?.id ?? "";
  const [owners] = await sessionsOf(ownerCookie);
  expect((await end(owners?.id ?? "", second)).status).toBe(404);
  expect([(await end(other, second)).status, (await end(other, second)).status]).toEqual([200, 404]);
  expect([await isLive(first), await isLive(second), await isLive(ownerCookie)]).toEqual([false, true, true]);

  const { users } = new Anthropic({ baseURL: platform.url, apiKey: platform.adminKey, maxRetries: 0 }).beta.organization;
  const people = await Array.fromAsync(users.list());
  const idOf = (email: string) => people.find((each) => each.email === email)?.id ?? "";
  const dan = idOf("dan@example.com");
  expect(await users.signOut(dan)).toMatchObject({ id: dan, role: "developer" });
  expect(await isLive(second)).toBe(false);
  await expect(users.signOut(idOf(OWNER.email))).rejects.toMatchObject({
    status: 400,
    error: { error: { details: { error_code: "cannot_sign_out_primary_owner" } } },
  });
  expect(await isLive(ownerCookie)).toBe(true);
  const log = await call("/v1/organizations/audit_log?action=user.sign_out", undefined, { cookie: ownerCookie });
  expect(await log.json()).toMatchObject({
    data: [{ action: "user.sign_out", target: { id: dan }, after: { sessions_ended: 1, devices_ended: 0 } }],
  });
});

test("a removed person's session is over at once", async () => {
  const cookie = await signInAs("developer", "leaver@example.com");
  const { person } = (await (await call("/console/api/session", undefined, { cookie })).json()) as { person: { id: string } };
  const removed = await fetch(`${platform.url}/v1/organizations/users/${person.id}`, {
    method: "DELETE",
    headers: { cookie: ownerCookie, "sec-fetch-site": "same-origin" },
  });
  expect(removed.status).toBe(200);
  expect((await call("/console/api/session", undefined, { cookie })).status).toBe(401);
});

test.each([
  ["/console/api/sign-in", { email: "ann@example.com" }, "password: Field required"],
  ["/console/api/sign-in", { email: "a", password: "b", extra: 1 }, "extra: Extra inputs are not permitted"],
  ["/console/api/owner", { secret: "x", email: "not an address", name: "A", password: OWNER.password }, "email: "],
  ["/console/api/owner", { secret: "x", email: "a@example.com", name: " ", password: OWNER.password }, "name: "],
])("%s refuses %j", async (path, body, message) => {
  const response = await call(path, body);
  expect(await errorOf(response)).toMatchObject({
    status: 400,
    error: { type: "invalid_request_error", message: expect.stringContaining(message) },
  });
});

test("through the provider and back, over HTTP", async () => {
  // The provider has to know our address before it is known: the server takes whatever the browser used.
  const redirectUri = "http://parley.test/console/api/openid/callback";
  await using provider: OpenIdProvider = await startOpenIdProvider(redirectUri);
  await using other = await startPlatform({ openId: provider });
  const secret = await other.accounts.signIn.createOwnerLink();
  await other.accounts.signIn.becomeOwner(secret ?? "", OWNER, { networkAddress: "::1", userAgent: null, requestId: null });
  provider.accounts.set("ann", { email: OWNER.email, emailVerified: true, name: "Ann" });

  const { request } = await import("node:http");
  /** `fetch` sets `Host` itself. */
  const get = (path: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
      request(`${other.url}${path}`, { headers: { host: "parley.test", ...headers } }, (response) => {
        response.resume().once("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
      })
        .once("error", reject)
        .end();
    });
  const sent = await get("/console/api/openid");
  expect(sent.status).toBe(302);
  const ticket = String(sent.headers["set-cookie"]?.[0]).split(";")[0] ?? "";
  const callback = new URL(await provider.logIn(String(sent.headers["location"]), "ann"));
  // Brought back by another browser, it is worth nothing.
  expect((await get(`${callback.pathname}${callback.search}`)).status).toBe(401);
  const back = await get(`${callback.pathname}${callback.search}`, { cookie: ticket });
  expect(back.status).toBe(200);
  const session = String(back.headers["set-cookie"]?.[0]).split(";")[0] ?? "";
  expect((await get("/console/api/session", { cookie: session })).status).toBe(200);

  // What is sensitive is asked for later; this owner proves at the provider that it is still her.
  await other.storage.run({ operation: "age the sessions", repeatable: true }, (database) =>
    database.execute("update sessions set authenticated_at = authenticated_at - interval '16 minutes'"),
  );
  const makeKey = () =>
    fetch(`${other.url}/console/api/api-keys`, {
      method: "POST",
      body: JSON.stringify({ name: "after lunch" }),
      headers: { cookie: session, "content-type": "application/json", "sec-fetch-site": "same-origin" },
    });
  expect(await errorOf(await makeKey())).toMatchObject({
    status: 403,
    error: { details: { error_code: "reauthentication_required" } },
  });
  expect((await get("/console/api/openid/confirm")).status).toBe(401);
  const asked = await get("/console/api/openid/confirm", { cookie: session });
  expect(asked.status).toBe(302);
  const confirmation = new URL(await provider.logIn(String(asked.headers["location"]), "ann"));
  const cookie = String(asked.headers["set-cookie"]?.[0]).split(";")[0] ?? "";
  const confirmed = await get(`${confirmation.pathname}${confirmation.search}`, { cookie });
  // No second session: the one that is there goes on.
  expect([confirmed.status, confirmed.headers["set-cookie"]]).toEqual([200, undefined]);
  expect((await makeKey()).status).toBe(200);
});
