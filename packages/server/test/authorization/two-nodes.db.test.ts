import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAdminKey, revokeAdminKey } from "../../src/auth/manage-admin-keys.ts";
import { createKey, revokeKey, rotateKey, updateKey } from "../../src/auth/manage-api-keys.ts";
import { addUser, updateUserRole } from "../../src/tenancy/manage-users.ts";
import { addWorkspaceMember, removeWorkspaceMember } from "../../src/tenancy/manage-workspace-members.ts";
import { archiveWorkspace, createWorkspace } from "../../src/tenancy/manage-workspaces.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { signInOnDevice } from "./callers.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
let second: Awaited<ReturnType<Platform["startNode"]>>;
beforeAll(async () => {
  platform = await startPlatform();
  second = await platform.startNode();
});
afterAll(async () => {
  await second?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

const act = () => ({ ...SYSTEM, organizationId: platform.organizationId });
const statusOn = async (url: string, path: string, secret: string): Promise<number> => {
  const reply = await fetch(`${url}${path}`, { headers: { "x-api-key": secret, "anthropic-version": "2026-10-21" } });
  await reply.arrayBuffer();
  return reply.status;
};

/** A second, and one more for a machine that is busy. */
const REFUSED_MS = 2_000;

/** From the change on, the key is used without a pause on both nodes. The longer of both times until each refuses it. */
async function millisecondsUntilRefused(path: string, secret: string, change: () => Promise<unknown>): Promise<number> {
  const urls = [platform.url, second.url];
  for (const url of urls) expect(await statusOn(url, path, secret)).toBe(200);
  await change();
  const changedAtMs = performance.now();
  const refused = urls.map(async (url) => {
    while ((await statusOn(url, path, secret)) !== 401) {
      if (performance.now() - changedAtMs > 10_000) throw new Error(`${url} still takes the key`);
    }
    const afterMs = performance.now() - changedAtMs;
    // And it stays so.
    for (let again = 0; again < 20; again += 1) expect(await statusOn(url, path, secret)).toBe(401);
    return afterMs;
  });
  return Math.max(...(await Promise.all(refused)));
}

interface Ending {
  readonly name: string;
  readonly path: string;
  /** A live key, and what ends it from outside both servers. */
  readonly make: () => Promise<{ readonly secret: string; readonly end: () => Promise<unknown> }>;
}

const WORKSPACE = { displayColor: null, tags: {}, allowedInferenceGeos: null, defaultInferenceGeo: "global" as const };
const newPerson = () =>
  addUser(platform.keys, act(), { email: `${randomUUID()}@example.com`, name: "Somebody", role: "developer" });
const apiKey = (workspaceId: string | null = null) =>
  createKey(platform.keys, { name: "ending", workspaceId, expiresAtMs: null }, SYSTEM);

const ENDINGS: readonly Ending[] = [
  {
    name: "revoked API key",
    path: "/v1/models",
    async make() {
      const { id, secret } = await apiKey();
      return { secret, end: () => revokeKey(platform.keys, id, SYSTEM) };
    },
  },
  {
    name: "API key that was switched off",
    path: "/v1/models",
    async make() {
      const { id, secret } = await apiKey();
      return { secret, end: () => updateKey(platform.keys, act(), id, { status: "inactive" }) };
    },
  },
  {
    name: "API key whose time was ended",
    path: "/v1/models",
    async make() {
      const { id, secret } = await apiKey();
      return { secret, end: () => rotateKey(platform.keys, id, 0, SYSTEM) };
    },
  },
  {
    name: "API key whose time has come",
    path: "/v1/models",
    async make() {
      // Until then it is made, and asked with on both.
      const expiresAtMs = Date.now() + 4_000;
      const { secret } = await createKey(platform.keys, { name: "ending", workspaceId: null, expiresAtMs }, SYSTEM);
      return { secret, end: () => setTimeout(expiresAtMs - Date.now()) };
    },
  },
  {
    name: "API key of a workspace that was archived",
    path: "/v1/models",
    async make() {
      const workspace = await createWorkspace(platform.keys, act(), { ...WORKSPACE, name: "Closing" });
      const { secret } = await apiKey(workspace.id);
      return { secret, end: () => archiveWorkspace(platform.keys, act(), workspace.id) };
    },
  },
  {
    name: "device's token whose person got a role that may not use models",
    path: "/v1/models",
    async make() {
      const person = await newPerson();
      const secret = await signInOnDevice(platform.accounts, person);
      return { secret, end: () => updateUserRole(platform.keys, act(), person.id, "billing") };
    },
  },
  {
    name: "device's token whose person left the workspace",
    path: "/v1/models",
    async make() {
      const person = await newPerson();
      const { id: workspaceId } = await createWorkspace(platform.keys, act(), { ...WORKSPACE, name: "Left" });
      const member = { workspaceId, userId: person.id };
      await addWorkspaceMember(platform.keys, act(), { ...member, role: "workspace_developer" });
      const secret = await signInOnDevice(platform.accounts, person, workspaceId);
      return { secret, end: () => removeWorkspaceMember(platform.keys, act(), member) };
    },
  },
  {
    name: "revoked admin key",
    path: "/v1/organizations/me",
    async make() {
      const { id, secret } = await createAdminKey(
        platform.keys,
        { name: "ending", organizationId: null, expiresAtMs: null },
        SYSTEM,
      );
      return { secret, end: () => revokeAdminKey(platform.keys, id, SYSTEM) };
    },
  },
];

test.each(ENDINGS)("both nodes refuse a $name within a second", async ({ name, path, make }) => {
  const { secret, end } = await make();
  const worstMs = await millisecondsUntilRefused(path, secret, end);
  process.stdout.write(`${name}: refused on both nodes after ${Math.round(worstMs)} ms\n`);
  expect(worstMs).toBeLessThan(REFUSED_MS);
});

test("a tampered key, a key of another Parley and one of the other kind are refused by both nodes, wherever they are shown", async () => {
  const { secret } = await apiKey();
  const at = secret.length - 10;
  const tampered = `${secret.slice(0, at)}${secret[at] === "x" ? "y" : "x"}${secret.slice(at + 1)}`;
  const another = { ...platform.keys, hmacKey: randomBytes(32) };
  const foreign = await createKey(another, { name: "foreign", workspaceId: null, expiresAtMs: null }, SYSTEM);
  const foreignAdmin = await createAdminKey(another, { name: "foreign", organizationId: null, expiresAtMs: null }, SYSTEM);
  for (const url of [platform.url, second.url]) {
    for (const path of ["/v1/models", "/v1/files", "/v1/messages/batches", "/v1/skills"]) {
      expect(await statusOn(url, path, secret)).toBe(200);
      for (const wrong of [tampered, foreign.secret, platform.adminKey]) expect(await statusOn(url, path, wrong)).toBe(401);
    }
    expect(await statusOn(url, "/v1/organizations/me", platform.adminKey)).toBe(200);
    for (const wrong of [secret, foreignAdmin.secret, platform.adminKey.toUpperCase()]) {
      expect(await statusOn(url, "/v1/organizations/me", wrong)).toBe(401);
    }
  }
});

test("a key that one node's Admin API ends is refused there at once, and on the other within a second", async () => {
  const { id, secret } = await apiKey();
  const worstMs = await millisecondsUntilRefused("/v1/models", secret, async () => {
    const reply = await fetch(`${platform.url}/v1/organizations/api_keys/${id}`, {
      method: "POST",
      headers: { "x-api-key": platform.adminKey, "anthropic-version": "2026-10-21", "content-type": "application/json" },
      body: JSON.stringify({ status: "archived" }),
    });
    expect(reply.status).toBe(200);
    expect(await statusOn(platform.url, "/v1/models", secret)).toBe(401);
  });
  expect(worstMs).toBeLessThan(REFUSED_MS);
});
