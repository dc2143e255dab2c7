import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestStorage, silentLog } from "../storage/testing/test-storage.ts";
import type { Storage } from "../storage/storage.ts";
import { createJobs } from "./create-jobs.ts";

const NEVER = "0 0 29 2 *";
const times = { pollSeconds: 0.5, heartbeatSeconds: 10, drainMs: 5_000 };

let storage: Storage;
beforeAll(async () => {
  storage = await openTestStorage();
});
afterAll(async () => {
  await storage.close();
});

test("of two nodes one does the work, and once", async () => {
  const ran: string[] = [];
  await using first = await createJobs({ storage, log: silentLog, times });
  await using second = await createJobs({ storage, log: silentLog, times });
  await first.every("sweep-a", NEVER, async () => void ran.push("first"));
  await second.every("sweep-a", NEVER, async () => void ran.push("second"));
  // The second is the same work while the first still waits.
  await Promise.all([first.soon("sweep-a"), second.soon("sweep-a")]);
  await first.every("sweep-marker", NEVER, async () => void ran.push("marker"));
  await expect.poll(() => ran.length).toBeGreaterThan(0);
  await first.soon("sweep-marker");
  await expect.poll(() => ran).toContain("marker");
  expect(ran.filter((who) => who !== "marker")).toHaveLength(1);
});

test("work that fails is tried again", async () => {
  let tries = 0;
  await using jobs = await createJobs({ storage, log: silentLog, times });
  await jobs.every("sweep-b", NEVER, async () => {
    tries += 1;
    if (tries === 1) throw new Error("not yet");
  });
  await jobs.soon("sweep-b");
  await expect.poll(() => tries, { timeout: 30_000 }).toBe(2);
});

test("closing waits for what runs", async () => {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let isDone = false;
  const jobs = await createJobs({ storage, log: silentLog, times });
  await jobs.every("sweep-c", NEVER, async () => {
    begin();
    await released;
    isDone = true;
  });
  await jobs.soon("sweep-c");
  await begun;
  const closed = jobs.close();
  release();
  await closed;
  expect(isDone).toBe(true);
});
