import fc from "fast-check";
import { expect, test } from "vitest";
import { planCache, promptUsage } from "./cache-plan.ts";
import { prefixKeys } from "./prefix-keys.ts";

const turn = { minimumCacheTokens: 100 };
const at = (position: number, ttl: "5m" | "1h" | null = null) => ({ position, path: `p${position}`, ttl });

test("a first call writes what its breakpoints cover, each at its own lifetime", () => {
  const plan = planCache(turn, { boundaries: [at(200, "1h"), at(300), at(500, "5m"), at(600)] }, () => false);
  expect(promptUsage(650, plan)).toEqual({
    inputTokens: 150,
    cacheReadTokens: 0,
    cacheWrite1hTokens: 200,
    cacheWrite5mTokens: 300,
  });
});

test("a second call reads the longest entry and writes the rest", () => {
  const plan = planCache(turn, { boundaries: [at(200, "5m"), at(500, "5m")] }, (position) => position === 200);
  expect(plan.refreshes).toEqual([{ position: 200, ttl: "5m" }]);
  expect(promptUsage(520, plan)).toEqual({
    inputTokens: 20,
    cacheReadTokens: 200,
    cacheWrite1hTokens: 0,
    cacheWrite5mTokens: 300,
  });
});

test("an entry is found up to twenty blocks before a breakpoint, not further", () => {
  const boundaries = Array.from({ length: 30 }, (_, index) => at(1000 + index, index === 29 ? "5m" : null));
  expect(planCache(turn, { boundaries }, (position) => position === 1009).readTokens).toBe(1009);
  expect(planCache(turn, { boundaries }, (position) => position === 1008).readTokens).toBe(0);
});

test("a prefix under the minimum is silently not cached", () => {
  const plan = planCache(turn, { boundaries: [at(99, "5m")] }, () => true);
  expect(plan).toEqual({ readTokens: 0, writes: [], refreshes: [] });
});

test("without a breakpoint nothing is read, whatever is stored", () => {
  expect(planCache(turn, { boundaries: [at(500)] }, () => true).readTokens).toBe(0);
});

test("breakpoints on one token are one entry at the longer lifetime", () => {
  const plan = planCache(turn, { boundaries: [at(200, "1h"), at(200, "5m")] }, () => false);
  expect(plan.writes).toEqual([{ position: 200, ttl: "1h" }]);
});

test("read, written and plain tokens always sum to the prompt", () => {
  const boundary = fc.record({
    position: fc.integer({ min: 1, max: 5000 }),
    ttl: fc.constantFrom(null, "5m" as const, "1h" as const),
    cached: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(boundary, { maxLength: 40 }), fc.nat(100), (raw, tail) => {
      const sorted = raw.toSorted((a, b) => a.position - b.position);
      const cached = new Set(sorted.filter((b) => b.cached).map((b) => b.position));
      const boundaries = sorted.map((b) => ({ position: b.position, ttl: b.ttl, path: "" }));
      const total = (sorted.at(-1)?.position ?? 0) + tail;
      const usage = promptUsage(
        total,
        planCache(turn, { boundaries }, (position) => cached.has(position)),
      );
      const parts = Object.values(usage);
      expect(parts.reduce((sum, part) => sum + part, 0)).toBe(total);
      expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
    }),
  );
});

test("a key names the tokens, the workspace and the model", () => {
  const salt = { workspaceId: "w", fingerprint: "f" };
  const key = (s: typeof salt, tokens: number[]) => prefixKeys(s, tokens, [2]).get(2);
  expect(key(salt, [1, 2, 3])).toBe(key(salt, [1, 2, 9]));
  expect(key(salt, [1, 2])).toBe(prefixKeys(salt, [1, 2], [1, 2]).get(2));
  expect(
    new Set([
      key(salt, [1, 2]),
      key(salt, [1, 3]),
      key({ ...salt, workspaceId: "x" }, [1, 2]),
      key({ ...salt, fingerprint: "g" }, [1, 2]),
    ]).size,
  ).toBe(4);
});
