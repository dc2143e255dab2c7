import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../platform/clock.ts";
import { BackendGone, type DecodeEvent, type TokenBackend } from "../backend.ts";
import { promptUsage } from "./cache/cache-plan.ts";
import { openSnapshotStore, type SnapshotStore } from "./cache/snapshot-store.ts";
import { planPromptCache, prefillThroughCache, promptKeys } from "./cached-prefill.ts";
import type { RenderedPrompt } from "./render/rendered-prompt.ts";
import { plainTurn } from "./testing/scripted-reply.ts";

const SHORT: RenderedPrompt = {
  insideThought: false,
  tokens: [1, 2, 3, 4, 5],
  boundaries: [{ position: 4, path: "system.0", ttl: "5m" as const }],
  partHashes: { model: "", tools: "", system: "", messages: [] },
};

/** A store that takes nothing. */
const full = (fault: Error): SnapshotStore =>
  ({
    has: () => false,
    open: () => undefined,
    openShared: () => undefined,
    add: () => Promise.reject(fault),
  }) as unknown as SnapshotStore;

/** Prefills one prompt. `broken`: no file loads. `forgets`: what loads holds nothing any more. */
async function prefill(
  snapshots: SnapshotStore,
  prompt = SHORT,
  { residentTokens = 0, broken = false, forgets = false }: { residentTokens?: number; broken?: boolean; forgets?: boolean } = {},
) {
  const told: unknown[] = [];
  /** How much of the prompt each call computed. */
  const computed: number[] = [];
  const backend = {
    model: { canTruncate: true, fingerprint: "f" },
    async *decode({ tokens, reusePrefix }: { tokens: readonly number[]; reusePrefix: boolean }): AsyncGenerator<DecodeEvent> {
      computed.push(tokens.length);
      yield {
        type: "end",
        reason: "length",
        cachedTokens: reusePrefix && !forgets ? tokens.length - 1 : 0,
        prefillMs: tokens.length,
        decodeMs: 0,
      };
    },
    async saveSlot(_: number, file: string) {
      await writeFile(file, "kv");
      return { tokens: computed.at(-1) ?? 0, bytes: 2 };
    },
    restoreSlot: () => Promise.resolve(!broken),
  } as unknown as TokenBackend;
  const { signal } = new AbortController();
  const run = prefillThroughCache(
    {
      turn: plainTurn,
      prompt,
      cache: planPromptCache(plainTurn, prompt, promptKeys(plainTurn, prompt, backend.model), snapshots),
      backend,
      lease: { slot: 0, residentTokens, setResident: () => {}, release: () => {} },
      snapshots,
      monotonicMs: () => 0,
      onStoreFault: (error) => told.push(error),
    },
    signal,
  );
  const step = await run.next();
  return { outcome: step.done ? step.value : null, told, computed };
}

test("a prefix that a full disk does not take is plain input, and the turn goes on", async () => {
  const fault = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  const { outcome, told } = await prefill(full(fault));
  expect(told).toEqual([fault]);
  expect(promptUsage(SHORT.tokens.length, outcome!.plan)).toEqual({
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
  const { plan } = planPromptCache(turn, SHORT, promptKeys(turn, SHORT, model), snapshots);
  expect(plan).toEqual({ readTokens: 0, writes: [], refreshes: [] });
  expect(asked).toEqual([]);
});

test("an engine that dies while it saves ends the turn", async () => {
  await expect(prefill(full(new BackendGone("gone")))).rejects.toThrow(BackendGone);
});

test("a long prompt is computed in pieces, between which other turns have theirs computed", async () => {
  const tokens = Array.from({ length: 5_000 }, (_, index) => index);
  const boundaries = [{ position: 2_500, path: "system.0", ttl: "5m" as const }];
  const { computed, outcome } = await prefill(full(new Error("full")), { ...SHORT, tokens, boundaries });
  // The rest of 428 tokens is computed by the first decode.
  expect(computed).toEqual([1_024, 2_048, 2_500, 3_524, 4_548]);
  expect(outcome?.residentTokens).toBe(4_548);
});

test("pieces of a prompt with pictures end where a text does, however large a picture is", async () => {
  const picture = { mediaType: "image/png", base64: "" };
  const pictured = [
    { tokens: 700, text: "a" },
    { tokens: 200, text: "b" },
    { tokens: 2_000, picture },
    { tokens: 1, text: "\n" },
    { tokens: 3_000, text: "c" },
    { tokens: 100, text: "d" },
  ];
  const tokens = Array.from({ length: 6_001 }, (_, index) => index);
  const { computed } = await prefill(full(new Error("full")), { ...SHORT, tokens, pictured, boundaries: [] });
  expect(computed).toEqual([900, 2_901, 5_901, 6_001]);
});

test("a slot that holds more than a breakpoint is cut back to it, to be saved", async () => {
  expect((await prefill(full(new Error("full")), SHORT, { residentTokens: 5 })).computed).toEqual([4]);
});

test("what two prompts share beyond a breakpoint of both is not computed again, and not counted as read", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-shared-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const snapshots = await openSnapshotStore({ folder, budgetBytes: 1_000, clock: systemClock });
  const ask = (question: number): RenderedPrompt => ({
    ...SHORT,
    tokens: [...Array.from({ length: 2_600 }, (_, index) => index), ...Array.from({ length: 400 }, () => question)],
    boundaries: [512, 3_000].map((position) => ({ position, path: `${position}`, ttl: "5m" as const })),
  });
  const first = await prefill(snapshots, ask(7));
  expect(first.computed).toEqual([1_024, 2_048, 3_000]);
  const second = await prefill(snapshots, ask(8));
  // 2,560 is the last multiple of 256 that they share.
  expect(second.computed).toEqual([3_000]);
  expect(promptUsage(3_000, second.outcome!.plan)).toMatchObject({ cacheReadTokens: 512, cacheWrite5mTokens: 2_488 });
  // The files load, and the engine has let go of what they stand for: all of it was computed, and is stored again.
  const forgotten = await prefill(snapshots, ask(10), { forgets: true });
  expect(promptUsage(3_000, forgotten.outcome!.plan)).toMatchObject({ cacheReadTokens: 0, cacheWrite5mTokens: 3_000 });
  // The shared file does not load, and that of the breakpoint, which is the same, does not either.
  const third = await prefill(snapshots, ask(9), { broken: true });
  expect(third.computed).toEqual([1_024, 2_048, 3_000]);
  expect(promptUsage(3_000, third.outcome!.plan)).toMatchObject({ cacheReadTokens: 0, cacheWrite5mTokens: 3_000 });
});
