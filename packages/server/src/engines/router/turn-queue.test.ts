import { expect, test } from "vitest";
import { createTurnQueue } from "./turn-queue.ts";

const never = new AbortController().signal;

/** So many places of each kind, and in which order they are taken. */
function start(places: Record<string, number>) {
  const held = new Map<string, number>();
  const order: string[] = [];
  const queue = createTurnQueue((workspaceId) => held.get(workspaceId) ?? 0);
  const enter = (name: string, workspaceId: string, priority: "priority" | "standard" | "batch" = "standard", kind = "any") =>
    queue.enter(
      {
        workspaceId,
        priority,
        kind,
        waitMs: 60_000,
        take() {
          const free = places[kind] ?? 0;
          if (free === 0) return null;
          places[kind] = free - 1;
          held.set(workspaceId, (held.get(workspaceId) ?? 0) + 1);
          order.push(name);
          return name;
        },
      },
      never,
    );
  return { queue, order, enter, places };
}

test("priority goes first, batch last, and between them the workspace with fewer turns", async () => {
  const { queue, order, enter, places } = start({ any: 1 });
  const all = [
    enter("held", "greedy"),
    enter("batch", "modest", "batch"),
    enter("greedy", "greedy"),
    enter("modest 1", "modest"),
    enter("modest 2", "modest"),
    enter("urgent", "greedy", "priority"),
  ];
  expect(queue.size()).toBe(5);
  for (let n = 0; n < 5; n += 1) {
    places["any"] = 1;
    queue.wake();
  }
  await Promise.all(all);
  expect(order).toEqual(["held", "urgent", "modest 1", "modest 2", "greedy", "batch"]);
});

test("who finds no place stands in nobody's way", async () => {
  const { queue, order, enter, places } = start({ here: 0, there: 0 });
  const waiting = [enter("first", "a", "priority", "here"), enter("second", "b", "batch", "there")];
  places["there"] = 1;
  queue.wake();
  await waiting[1];
  expect([order, queue.size()]).toEqual([["second"], 1]);
  places["here"] = 1;
  queue.wake();
  expect(await waiting[0]).toBe("first");
});
