import { expect, test } from "vitest";
import { createPendingPrefixes } from "./pending-prefixes.ts";
import { type SlotRequest, createSlotScheduler } from "./slot-scheduler.ts";
import { takeSlot } from "./take-slot.ts";

const signal = new AbortController().signal;
const request = (priority: SlotRequest["priority"] = "standard"): SlotRequest => ({
  workspaceId: "w",
  priority,
  sessionId: null,
  tokens: [],
});

function setUp(slots: number) {
  const scheduler = createSlotScheduler({ slots, clock: { nowMs: () => 0, monotonicMs: () => 0 } });
  const pending = createPendingPrefixes();
  const cached = new Set<string>();
  /** A turn that stores `key` unless it is cached. */
  const take = (key: string, priority?: SlotRequest["priority"]) =>
    takeSlot(
      { scheduler, pending },
      { request: request(priority), plan: () => (cached.has(key) ? [] : [key]), keysOf: (plan) => plan },
      signal,
    );
  return { scheduler, cached, take };
}

test("a turn that queues for a slot does not keep another that needs the same prefix waiting", async () => {
  const { scheduler, take } = setUp(1);
  const busy = await scheduler.acquire(request(), signal);
  const batch = take("prefix", "batch");
  const urgent = take("prefix", "priority");
  await expect.poll(() => scheduler.status().queued).toBe(2);
  busy.release();
  const first = await Promise.race([batch.then(() => "batch"), urgent.then(() => "urgent")]);
  expect(first).toBe("urgent");
  const taken = await urgent;
  taken.stored();
  taken.lease.release();
  (await batch).lease.release();
});

test("a turn waits without a slot while another computes its prefix, and then reads it", async () => {
  const { scheduler, cached, take } = setUp(2);
  const first = await take("prefix");
  const second = take("prefix");
  const other = await take("other");
  expect(scheduler.status()).toMatchObject({ busy: 2, queued: 0 });
  other.lease.release();
  cached.add("prefix");
  first.stored();
  expect((await second).plan).toEqual([]);
});

test("two turns that get their slots at once compute their prefix once", async () => {
  const { scheduler, cached, take } = setUp(2);
  const busy = [await scheduler.acquire(request(), signal), await scheduler.acquire(request(), signal)];
  const first = take("prefix");
  const second = take("prefix");
  await expect.poll(() => scheduler.status().queued).toBe(2);
  for (const lease of busy) lease.release();
  const taken = await Promise.race([first, second]);
  expect(taken.plan).toEqual(["prefix"]);
  expect(scheduler.status().busy).toBe(1);
  cached.add("prefix");
  taken.stored();
  expect([...(await first).plan, ...(await second).plan]).toEqual(["prefix"]);
});
