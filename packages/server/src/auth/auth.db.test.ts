import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Clock } from "../platform/clock.ts";
import { fail } from "../platform/fail.ts";
import { listSpendLimits, setSpendLimit } from "../storage/spend-limits.ts";
import { dumpTable } from "../storage/testing/dump-table.ts";
import { openTestStorage } from "../storage/testing/test-storage.ts";
import type { Storage } from "../storage/storage.ts";
import { SYSTEM } from "../tenancy/tenancy-deps.ts";
import { createAuthenticator } from "./create-authenticator.ts";
import { ensureFirstOrganization } from "./ensure-first-organization.ts";
import { generateKeySecret } from "./key-secret.ts";
import { createFirstKey, createKey, listKeys, revokeKey, rotateKey, type KeyDeps } from "./manage-api-keys.ts";

let storage: Storage;
let deps: KeyDeps;
let offsetMs = 0;
const clock: Clock = { nowMs: () => Date.now() + offsetMs, monotonicMs: () => performance.now() + offsetMs };
const INVALID = { type: "authentication_error", status: 401, publicMessage: "invalid x-api-key" };

beforeAll(async () => {
  storage = await openTestStorage();
  deps = { storage, hmacKey: randomBytes(32), auditKey: randomBytes(32), clock, authenticator: null };
});
afterAll(async () => {
  await storage.close();
});

/** A storage that counts its queries and can be cut off, over the real one. */
function switchable(): { storage: Storage; queries: () => number; down: (value: boolean) => void } {
  let queries = 0;
  let isDown = false;
  const run: Storage["run"] = (options, work) => {
    queries += 1;
    if (isDown) return Promise.reject(fail("overloaded_error", { public: "Overloaded" }));
    return storage.run(options, work);
  };
  return {
    storage: { ...storage, run },
    queries: () => queries,
    down: (value) => {
      isDown = value;
    },
  };
}

test("of eight first starts at once exactly one creates the organization, and exactly one gets the key", async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => ensureFirstOrganization(deps)));
  const made = await Promise.all(all.map((each) => createFirstKey(deps, each)));
  const keys = made.filter((key) => key !== null);
  expect(keys).toHaveLength(1);
  expect(new Set(all.map((each) => `${each.organizationId} ${each.workspaceId}`)).size).toBe(1);
  expect(all[0]?.organizationId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);

  await using authenticator = createAuthenticator(deps);
  expect(await authenticator.authenticate(keys[0]?.secret ?? "")).toEqual({
    organizationId: all[0]?.organizationId,
    workspaceId: all[0]?.workspaceId,
    apiKeyId: keys[0]?.id,
  });
  await revokeKey(deps, keys[0]?.id ?? "", SYSTEM);
  expect(await createFirstKey(deps, await ensureFirstOrganization(deps))).toBeNull();
});

test("the database holds neither a key nor anything that a key could be tested against", async () => {
  const created = await createKey(deps, { name: "hidden", workspaceId: null, expiresAtMs: null }, SYSTEM);
  const text = await dumpTable(storage, "api_keys");
  expect(text).not.toContain(created.secret.slice(16, -4));
  expect(text).toContain(created.partialHint);
});

test("an unknown key, a malformed one and a key of another installation are all 401 invalid x-api-key", async () => {
  const created = await createKey(deps, { name: "mine", workspaceId: null, expiresAtMs: null }, SYSTEM);
  await using authenticator = createAuthenticator(deps);
  await using stranger = createAuthenticator({ ...deps, hmacKey: randomBytes(32) });
  await expect(authenticator.authenticate(generateKeySecret("api"))).rejects.toMatchObject(INVALID);
  await expect(authenticator.authenticate("dummy")).rejects.toMatchObject(INVALID);
  await expect(stranger.authenticate(created.secret)).rejects.toMatchObject(INVALID);
});

test("a revoked key gets 401 authentication_error at once", async () => {
  const created = await createKey(deps, { name: "doomed", workspaceId: null, expiresAtMs: null }, SYSTEM);
  await using authenticator = createAuthenticator(deps);
  await authenticator.authenticate(created.secret);
  await revokeKey({ ...deps, authenticator }, created.id, SYSTEM);
  await expect(authenticator.authenticate(created.secret)).rejects.toMatchObject(INVALID);
  expect((await listKeys(deps)).find((key) => key.id === created.id)).toMatchObject({ status: "archived", name: "doomed" });
  await expect(revokeKey({ ...deps, authenticator }, "apikey_none", SYSTEM)).rejects.toMatchObject({ type: "not_found_error" });
});

test("a key revoked elsewhere stops working within one second, also under steady use", async () => {
  const created = await createKey(deps, { name: "remote", workspaceId: null, expiresAtMs: null }, SYSTEM);
  await using authenticator = createAuthenticator(deps);
  await authenticator.authenticate(created.secret);
  await revokeKey(deps, created.id, SYSTEM);
  const revokedAtMs = performance.now();
  let stoppedAfterMs = Number.POSITIVE_INFINITY;
  while (performance.now() - revokedAtMs < 3_000) {
    try {
      await authenticator.authenticate(created.secret);
    } catch {
      stoppedAfterMs = performance.now() - revokedAtMs;
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // 0.8 s, and what a busy machine takes.
  expect(stoppedAfterMs).toBeLessThan(2_000);
});

test("a look-up that began before a revocation does not bring the key back", async () => {
  const created = await createKey(deps, { name: "racing", workspaceId: null, expiresAtMs: null }, SYSTEM);
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { promise: isFound, resolve: found } = Promise.withResolvers<void>();
  const slow: Storage = {
    ...storage,
    run: async (options, work) => {
      const result = await storage.run(options, work);
      if (options.operation !== "find api keys") return result;
      found();
      await gate;
      return result;
    },
  };
  await using authenticator = createAuthenticator({ ...deps, storage: slow });
  const early = authenticator.authenticate(created.secret);
  await isFound;
  await revokeKey({ ...deps, authenticator }, created.id, SYSTEM);
  release();
  await early;
  await expect(authenticator.authenticate(created.secret)).rejects.toMatchObject(INVALID);
});

test("a thousand requests with one key cost one query, and steady use never waits for one", async () => {
  const created = await createKey(deps, { name: "busy", workspaceId: null, expiresAtMs: null }, SYSTEM);
  const counted = switchable();
  await using authenticator = createAuthenticator({ ...deps, storage: counted.storage });
  await Promise.all(Array.from({ length: 500 }, () => authenticator.authenticate(created.secret)));
  for (let index = 0; index < 500; index += 1) await authenticator.authenticate(created.secret);
  expect(counted.queries()).toBe(1);
});

test("a key expires at its time, also while it is cached", async () => {
  const created = await createKey(deps, { name: "brief", workspaceId: null, expiresAtMs: clock.nowMs() + 60_000 }, SYSTEM);
  await using authenticator = createAuthenticator(deps);
  await authenticator.authenticate(created.secret);
  offsetMs += 60_001;
  await expect(authenticator.authenticate(created.secret)).rejects.toMatchObject(INVALID);
  expect((await listKeys(deps)).find((key) => key.id === created.id)?.status).toBe("expired");
});

test("while the database is down a key seen lately works for a minute, an unseen one gets overloaded_error", async () => {
  const seen = await createKey(deps, { name: "seen", workspaceId: null, expiresAtMs: null }, SYSTEM);
  const unseen = await createKey(deps, { name: "unseen", workspaceId: null, expiresAtMs: null }, SYSTEM);
  const cut = switchable();
  await using authenticator = createAuthenticator({ ...deps, storage: cut.storage });
  await authenticator.authenticate(seen.secret);
  cut.down(true);
  await expect(authenticator.authenticate(unseen.secret)).rejects.toMatchObject({
    type: "overloaded_error",
    publicMessage: "Overloaded",
  });
  offsetMs += 50_000;
  await expect(authenticator.authenticate(seen.secret)).resolves.toMatchObject({ apiKeyId: seen.id });
  offsetMs += 11_000;
  await expect(authenticator.authenticate(seen.secret)).rejects.toMatchObject({ type: "overloaded_error" });
  cut.down(false);
  await expect(authenticator.authenticate(seen.secret)).resolves.toMatchObject({ apiKeyId: seen.id });
});

test("the last use is written when the authenticator closes and never moves back", async () => {
  const created = await createKey(deps, { name: "used", workspaceId: null, expiresAtMs: null }, SYSTEM);
  const lastUse = async () => (await listKeys(deps)).find((key) => key.id === created.id)?.lastUsedAtMs ?? null;
  expect(await lastUse()).toBeNull();
  const authenticator = createAuthenticator(deps);
  await authenticator.authenticate(created.secret);
  await authenticator.close();
  const first = await lastUse();
  expect(first).not.toBeNull();

  const behind = createAuthenticator({ ...deps, clock: { ...clock, nowMs: () => clock.nowMs() - 3_600_000 } });
  await behind.authenticate(created.secret);
  await behind.close();
  expect(await lastUse()).toBe(first);
});

test("a rotated key goes on for the overlap, and its successor has its name, place, lifetime and spend limits", async () => {
  const old = await createKey(deps, { name: "turning", workspaceId: null, expiresAtMs: clock.nowMs() + 100_000 }, SYSTEM);
  await using authenticator = createAuthenticator(deps);
  const place = await authenticator.authenticate(old.secret);
  const limit = { organizationId: place.organizationId, scopeType: "api_key", scopeId: old.id, period: "daily" } as const;
  await setSpendLimit(storage, { ...limit, id: "spl_old", amountNanoUsd: 5n, nowMs: clock.nowMs() });
  const created = await rotateKey(deps, old.id, 10_000, SYSTEM);
  const limits = await listSpendLimits(storage, { ...limit, scopeTypes: ["api_key"], workspaceId: null, limit: 10, after: null });
  expect(new Map(limits.map(({ scopeId, amountNanoUsd }) => [scopeId, amountNanoUsd]))).toEqual(
    new Map([
      [old.id, 5n],
      [created.id, 5n],
    ]),
  );
  expect(await authenticator.authenticate(created.secret)).toEqual({ ...place, apiKeyId: created.id });
  offsetMs += 10_001;
  await expect(authenticator.authenticate(old.secret)).rejects.toMatchObject(INVALID);
  await authenticator.authenticate(created.secret);
  const listed = (await listKeys(deps)).find((key) => key.id === created.id);
  expect(listed).toMatchObject({ name: "turning", status: "active" });
  expect(Math.abs(listed!.expiresAtMs! - clock.nowMs() - 90_000)).toBeLessThan(5_000);
  await expect(rotateKey(deps, old.id, 10_000, SYSTEM)).rejects.toMatchObject({ type: "invalid_request_error" });
  await expect(rotateKey(deps, "apikey_none", 10_000, SYSTEM)).rejects.toMatchObject({ type: "not_found_error" });
});
