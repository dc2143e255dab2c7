import { expect, test } from "vitest";
import { BackendGone, type DecodeEvent, type TokenBackend } from "../backend.ts";
import { promptUsage } from "./cache/cache-plan.ts";
import type { SnapshotStore } from "./cache/snapshot-store.ts";
import { planPromptCache, prefillThroughCache, promptKeys } from "./cached-prefill.ts";
import { plainTurn } from "./testing/scripted-reply.ts";

const prompt = {
  tokens: [1, 2, 3, 4, 5],
  boundaries: [{ position: 4, path: "system.0", ttl: "5m" as const }],
  partHashes: { model: "", tools: "", system: "", messages: [] },
};

/** Prefills one prompt with a breakpoint over a store that does not take it. */
async function prefill(fault: Error) {
  const told: unknown[] = [];
  const backend = {
    model: { canTruncate: true, fingerprint: "f" },
    async *decode({ tokens }: { tokens: readonly number[] }): AsyncGenerator<DecodeEvent> {
      yield { type: "end", reason: "length", cachedTokens: 0, prefillMs: tokens.length, decodeMs: 0 };
    },
  } as unknown as TokenBackend;
  const snapshots = { has: () => false, add: () => Promise.reject(fault) } as unknown as SnapshotStore;
  const { signal } = new AbortController();
  const run = prefillThroughCache(
    {
      turn: plainTurn,
      prompt,
      cache: planPromptCache(plainTurn, prompt, promptKeys(plainTurn, prompt, backend.model), snapshots),
      backend,
      lease: { slot: 0, residentTokens: 0, setResident: () => {}, release: () => {} },
      snapshots,
      monotonicMs: () => 0,
      onStoreFault: (error) => told.push(error),
    },
    signal,
  );
  const step = await run.next();
  return { outcome: step.done ? step.value : null, told };
}

test("a prefix that a full disk does not take is plain input, and the turn goes on", async () => {
  const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  const { outcome, told } = await prefill(full);
  expect(told).toEqual([full]);
  expect(promptUsage(prompt.tokens.length, outcome!.plan)).toEqual({
    inputTokens: 5,
    cacheReadTokens: 0,
    cacheWrite5mTokens: 0,
    cacheWrite1hTokens: 0,
  });
});

test("under zero data retention no prefix is read or stored, whatever the breakpoints say", async () => {
  const asked: string[] = [];
  const snapshots = { has: (key: string) => asked.push(key) > 0 } as unknown as SnapshotStore;
  const turn = { ...plainTurn, keepsNothing: true };
  const model = { canTruncate: true, fingerprint: "f" } as unknown as TokenBackend["model"];
  const { plan } = planPromptCache(turn, prompt, promptKeys(turn, prompt, model), snapshots);
  expect(plan).toEqual({ readTokens: 0, writes: [], refreshes: [] });
  expect(asked).toEqual([]);
});

test("an engine that dies while it saves ends the turn", async () => {
  await expect(prefill(new BackendGone("gone"))).rejects.toThrow(BackendGone);
});
