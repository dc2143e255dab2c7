import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabaseIdempotencyStore } from "./idempotency-in-database.ts";
import { systemClock } from "./platform/clock.ts";
import type { Storage } from "./storage/storage.ts";
import { openTestStorage, silentLog } from "./storage/testing/test-storage.ts";

let storage: Storage;
beforeAll(async () => {
  storage = await openTestStorage();
});
afterAll(() => storage.close());

/** Longer than a busy disk keeps a renewal waiting. */
const LEASE_MS = 1_500;
const open = () => createDatabaseIdempotencyStore({ storage, clock: systemClock, log: silentLog, leaseMs: LEASE_MS });
const entry = { workspaceId: "w1", key: "k1" };

test("a claim stands as long as its process lives, and is free soon after it died", async () => {
  const process = open();
  await using other = open();
  const claim = async (store: typeof other) => (await store.claim({ ...entry, requestHash: "h", nowMs: Date.now() })).type;
  expect(await claim(process)).toBe("claimed");
  // Over more than a lease: the running one holds it.
  const untilMs = Date.now() + 2.5 * LEASE_MS;
  const seen = new Set<string>();
  while (Date.now() < untilMs) seen.add(await claim(other));
  expect([...seen]).toEqual(["running"]);
  // It ends without a word, as a killed one does.
  await process[Symbol.asyncDispose]();
  await expect.poll(() => claim(other)).toBe("claimed");
  // Whoever comes back after it was taken over changes nothing.
  await process.complete({ ...entry, expiresAtMs: Date.now() + 60_000 }, { status: 200, headers: {}, body: Buffer.from("late") });
  expect(await claim(process)).toBe("running");
});
