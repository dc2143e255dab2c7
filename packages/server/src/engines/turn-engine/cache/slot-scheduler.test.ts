import { expect, test } from "vitest";
import { createSlotScheduler, type SlotRequest } from "./slot-scheduler.ts";

let tick = 0;
const clock = { nowMs: () => 0, monotonicMs: () => (tick += 1) };
const never = new AbortController().signal;
const range = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);
const request = (overrides: Partial<SlotRequest> = {}): SlotRequest => ({
  workspaceId: "w",
  priority: "standard",
  sessionId: null,
  tokens: range(0, 200),
  ...overrides,
});

test("a conversation comes back to the slot that holds it", async () => {
  const scheduler = createSlotScheduler({ slots: 3, clock });
  const [a, b] = [
    await scheduler.acquire(request(), never),
    await scheduler.acquire(request({ tokens: range(5000, 200) }), never),
  ];
  a.setResident(range(0, 300));
  b.setResident(range(5000, 300));
  a.release();
  b.release();
  const again = await scheduler.acquire(request({ tokens: [...range(5000, 300), 1, 2] }), never);
  expect(again).toMatchObject({ slot: b.slot, residentTokens: 300 });
});

test("another workspace's tokens are never reused, though they are the same", async () => {
  const scheduler = createSlotScheduler({ slots: 1, clock });
  const first = await scheduler.acquire(request(), never);
  first.setResident(range(0, 200));
  first.release();
  expect((await scheduler.acquire(request({ workspaceId: "other" }), never)).residentTokens).toBe(0);
});

test("priority goes first, batch last, and a workspace with slots waits for one without", async () => {
  const scheduler = createSlotScheduler({ slots: 2, clock });
  const held = [
    await scheduler.acquire(request({ workspaceId: "greedy" }), never),
    await scheduler.acquire(request({ workspaceId: "greedy" }), never),
  ];
  const order: string[] = [];
  const queue = (name: string, overrides: Partial<SlotRequest>) =>
    scheduler.acquire(request(overrides), never).then((lease) => {
      order.push(name);
      lease.release();
    });
  const all = [
    queue("batch", { workspaceId: "b", priority: "batch" }),
    queue("greedy", { workspaceId: "greedy" }),
    queue("modest", { workspaceId: "modest" }),
    queue("urgent", { workspaceId: "greedy", priority: "priority" }),
  ];
  expect(scheduler.status()).toEqual({ slots: 2, busy: 2, queued: 4 });
  held[0]?.release();
  await Promise.all(all);
  expect(order).toEqual(["urgent", "modest", "greedy", "batch"]);
});

test("a caller that gives up leaves the queue", async () => {
  const scheduler = createSlotScheduler({ slots: 1, clock });
  const held = await scheduler.acquire(request(), never);
  const gaveUp = new AbortController();
  const waiting = scheduler.acquire(request(), gaveUp.signal);
  gaveUp.abort(new Error("gone"));
  await expect(waiting).rejects.toThrow("gone");
  held.release();
  expect(scheduler.status()).toEqual({ slots: 1, busy: 0, queued: 0 });
});

test("a short common prefix does not push a conversation out of its slot", async () => {
  const scheduler = createSlotScheduler({ slots: 2, clock });
  const first = await scheduler.acquire(request({ tokens: range(0, 5000) }), never);
  first.setResident(range(0, 5000));
  first.release();
  const other = await scheduler.acquire(request({ tokens: [...range(0, 100), ...range(9000, 50)] }), never);
  expect(other.slot).not.toBe(first.slot);
});
