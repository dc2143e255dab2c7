import { afterAll, beforeAll, expect, test } from "vitest";
import { startPlatform, type Platform } from "../support/start-platform.ts";

const OWNER = { email: "ann@example.com", name: "Ann", password: "correct horse battery" };

let platform: Platform;
let ownerCookie: string;

function call(path: string, body: unknown, cookie: string | null) {
  return fetch(`${platform.url}${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: {
      "content-type": "application/json",
      "sec-fetch-site": "same-origin",
      ...(cookie === null ? {} : { cookie }),
    },
  });
}

const cookieOf = (response: Response): string => response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
const createKey = (body: object, cookie: string | null = ownerCookie) => call("/console/api/api-keys", body, cookie);

beforeAll(async () => {
  platform = await startPlatform();
  const secret = await platform.accounts.signIn.createOwnerLink();
  ownerCookie = cookieOf(await call("/console/api/owner", { secret, ...OWNER }, null));
});
afterAll(() => platform[Symbol.asyncDispose]());

async function modelsWith(key: string): Promise<number> {
  const headers = { "x-api-key": key, "anthropic-version": "2023-06-01" };
  return (await fetch(`${platform.url}/v1/models`, { headers })).status;
}

async function invite(email: string): Promise<string> {
  const created = (await (await call("/v1/organizations/invites", { email, role: "developer" }, ownerCookie)).json()) as {
    id: string;
  };
  const reply = await call(`/console/api/invites/${created.id}/link`, undefined, ownerCookie);
  return ((await reply.json()) as { link: string }).link;
}

test("an owner makes a key that works, and is in no cache and in no list", async () => {
  const response = await createKey({ name: "laptop", expires_at: "2099-01-01T00:00:00Z" });
  expect(response.status).toBe(200);
  expect(response.headers.get("cache-control")).toBe("no-store");
  const created = (await response.json()) as { secret: string; api_key: { id: string } };
  expect(created).toMatchObject({
    type: "api_key_created",
    api_key: { name: "laptop", status: "active", expires_at: "2099-01-01T00:00:00.000Z", created_by: { type: "user" } },
  });
  expect(await modelsWith(created.secret)).toBe(200);
  const headers = { "x-api-key": platform.adminKey, "anthropic-version": "2023-06-01" };
  const list = await (await fetch(`${platform.url}/v1/organizations/api_keys`, { headers })).text();
  expect(list).toContain(created.api_key.id);
  expect(list).not.toContain(created.secret);
});

test("only an administrator makes keys, and only in a workspace that is there", async () => {
  const link = await invite("dev@example.com");
  const secret = link.slice(link.indexOf("#") + 1);
  const developer = cookieOf(await call("/console/api/invite", { secret, name: "Dev", password: "a password of mine" }, null));
  expect((await createKey({ name: "mine" }, developer)).status).toBe(403);
  expect((await createKey({ name: "mine" }, null)).status).toBe(401);
  const elsewhere = await createKey({ name: "x", workspace_id: "wrkspc_01NotOurs" });
  expect([elsewhere.status, await elsewhere.json()]).toMatchObject([404, { error: { type: "not_found_error" } }]);
  const lapsed = await createKey({ name: "x", expires_at: "2020-01-01T00:00:00Z" });
  expect([lapsed.status, await lapsed.json()]).toMatchObject([
    400,
    { error: { message: "expires_at: Input should be in the future" } },
  ]);
});

test("a forgotten open tab makes no key, and changes no limit", async () => {
  await platform.storage.run({ operation: "age the sessions", repeatable: true }, (database) =>
    database.execute("update sessions set authenticated_at = authenticated_at - interval '16 minutes'"),
  );
  const refused = await createKey({ name: "later" });
  expect([refused.status, await refused.json()]).toMatchObject([
    403,
    { error: { type: "permission_error", details: { error_code: "reauthentication_required" } } },
  ]);
  const limit = { amount: "100", scope: { type: "organization" } };
  const setLimit = () => call("/v1/organizations/spend_limits", limit, ownerCookie);
  const unchanged = await setLimit();
  expect([unchanged.status, await unchanged.json()]).toMatchObject([
    403,
    { error: { details: { error_code: "reauthentication_required" } } },
  ]);
  await call("/console/api/reauthenticate", { password: OWNER.password }, ownerCookie);
  expect((await createKey({ name: "later" })).status).toBe(200);
  expect((await setLimit()).status).toBe(200);
});

test("an invite's link is made for a pending invite only, and works once", async () => {
  const link = await invite("once@example.com");
  expect(link.startsWith(`${platform.url}/console/invite#`)).toBe(true);
  // Whoever makes it could use it themselves.
  const made = await fetch(`${platform.url}/v1/organizations/audit_log?action=invite.link&limit=1`, {
    headers: { cookie: ownerCookie },
  });
  expect(await made.json()).toMatchObject({ data: [{ actor: { type: "user" }, target: { type: "invite" } }] });
  const secret = link.slice(link.indexOf("#") + 1);
  const join = () => call("/console/api/invite", { secret, name: "Once", password: "a password of mine" }, null);
  expect((await join()).status).toBe(200);
  expect((await join()).status).toBe(401);
  expect((await call("/console/api/invites/invite_01Nothing/link", undefined, ownerCookie)).status).toBe(404);
});
