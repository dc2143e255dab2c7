import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSharedClock } from "../storage/open-shared-clock.ts";
import { openTestStorage, type TestStorage } from "../storage/testing/test-storage.ts";
import { checkMasterSecret } from "./check-master-secret.ts";

let storage: TestStorage;
beforeAll(async () => {
  storage = await openTestStorage();
});
afterAll(() => storage?.close());

test("a node with another master secret than its database's is refused; alone with its database it is only told", async () => {
  const warnings: unknown[] = [];
  const log = { warn: (...words: unknown[]) => void warnings.push(words) };
  const [first, other] = [randomBytes(32), randomBytes(32)];
  const shared = { ...storage, kind: "server" as const };
  await checkMasterSecret({ storage: shared, master: first, log });
  await checkMasterSecret({ storage: shared, master: first, log });
  await expect(checkMasterSecret({ storage: shared, master: other, log })).rejects.toThrow(
    "secret.key of the data folder must be",
  );
  expect(warnings).toEqual([]);
  await checkMasterSecret({ storage: { ...storage, kind: "embedded" }, master: other, log });
  expect(warnings).toHaveLength(1);
  await checkMasterSecret({ storage: shared, master: other, log });
});

test("nodes whose own clocks are wrong go by the database's", async () => {
  const own = { nowMs: () => Date.now() + 5_400_000, monotonicMs: () => performance.now() };
  using clock = await openSharedClock(storage, own);
  const before = Date.now();
  const read = clock.nowMs();
  expect(read).toBeGreaterThan(before - 1_000);
  expect(read).toBeLessThan(Date.now() + 1_000);
});
