import { expect, test, vi } from "vitest";
import { newId } from "./ids.ts";

test("ids have the platform's form, and those of requests sort by their time", () => {
  vi.useFakeTimers({ now: 0, toFake: ["Date"] });
  try {
    const times = [0, 57, 58, Date.UTC(2026, 10, 22), Date.UTC(2026, 10, 22) + 1, Date.UTC(2199, 0, 1)];
    const ids = times.map((time) => {
      vi.setSystemTime(time);
      return newId("req");
    });
    for (const id of [...ids, newId("msg")]) expect(id).toMatch(/^(req|msg)_01[1-9A-HJ-NP-Za-km-z]{22}$/);
    expect(ids.toSorted()).toEqual(ids);
    const atOnce = Array.from({ length: 10_000 }, () => newId("req"));
    expect(new Set(atOnce).size).toBe(10_000);
  } finally {
    vi.useRealTimers();
  }
});
