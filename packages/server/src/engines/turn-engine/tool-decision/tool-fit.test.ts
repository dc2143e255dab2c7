import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BackendGone, type DecodeEvent, type TokenBackend } from "../../backend.ts";
import type { PromptRenderer } from "../render/rendered-prompt.ts";
import { createToolFit } from "./tool-fit.ts";

const tool = { name: "get", description: null, inputSchema: {}, strict: false, inputExamples: [] };
const question = { tools: [tool], request: "What is it?" };
const YES = 1;
const NO = 2;
const NEVER = new AbortController().signal;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-tool-fit-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function setUp(save: (file: string) => Promise<void> = (file) => writeFile(file, "kv")) {
  const done: string[] = [];
  const gates = new Map<number, Promise<void>>();
  const nameOf = (file: string): string => (file.endsWith(".shots") ? "shots" : "own");
  const { promise: gone, resolve: end } = Promise.withResolvers<void>();
  const backend = {
    gone,
    detokenize: async ([token]: readonly number[]) => (token === YES ? " Yes" : " No"),
    async *decode({ slot, maxTokens }: { slot: number; maxTokens: number }): AsyncGenerator<DecodeEvent> {
      done.push(`${slot} ${maxTokens === 0 ? "shots" : "ask"}`);
      if (maxTokens === 0) await gates.get(slot);
      else {
        const logprobs = [
          { token: YES, logprob: Math.log(0.8) },
          { token: NO, logprob: Math.log(0.1) },
        ];
        yield { type: "tokens", tokens: [YES], text: "Yes", logprobs };
      }
      yield { type: "end", reason: "length", cachedTokens: 0, prefillMs: 0, decodeMs: 0 };
    },
    saveSlot: async (slot: number, file: string) => {
      await save(file);
      done.push(`${slot} save ${nameOf(file)}`);
      return { tokens: 1, bytes: 2 };
    },
    restoreSlot: async (slot: number, file: string) => {
      done.push(`${slot} restore ${nameOf(file)}`);
      return true;
    },
  } as unknown as TokenBackend;
  const renderer = {
    render: async () => ({ tokens: [1, 2, 3], boundaries: [], partHashes: [] }),
  } as unknown as PromptRenderer;
  const fit = createToolFit({ backend, renderer, folder });
  const resident: (readonly number[])[] = [];
  const ask = (slot: number, signal = NEVER) =>
    fit.ask(
      question,
      {
        lease: { slot, residentTokens: 0, setResident: (tokens) => void resident.push(tokens), release: () => {} },
        tokens: [7, 8],
        trace: {},
      },
      signal,
    );
  return { ask, done, gates, resident, end };
}

test("tells the odds, computes the shots once, and puts the turn's own tokens back", async () => {
  const { ask, done, resident } = setUp();
  expect(await ask(0)).toEqual([expect.closeTo(Math.log(8))]);
  expect(await ask(0)).toEqual([expect.closeTo(Math.log(8))]);
  expect(done).toEqual([
    "0 save own",
    "0 shots",
    "0 save shots",
    "0 ask",
    "0 restore own",
    "0 save own",
    "0 restore shots",
    "0 ask",
    "0 restore own",
  ]);
  expect(resident).toEqual([[], [7, 8], [], [7, 8]]);
  expect(await readdir(folder)).toEqual([expect.stringMatching(/\.shots$/)]);
});

test("while one turn computes the shots, others neither read nor write them", async () => {
  const { ask, done, gates } = setUp();
  const { promise, resolve } = Promise.withResolvers<void>();
  gates.set(0, promise);
  const first = ask(0);
  while (!done.includes("0 shots")) await new Promise(setImmediate);
  await ask(1);
  await ask(2);
  expect(done.filter((what) => !what.startsWith("0"))).toEqual([
    "1 save own",
    "1 ask",
    "1 restore own",
    "2 save own",
    "2 ask",
    "2 restore own",
  ]);
  resolve();
  await first;
  await ask(3);
  expect(done).toContain("3 restore shots");
});

test("a full disk means that nothing is asked and the call is made", async () => {
  const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  const { ask, done, resident } = setUp(() => Promise.reject(full));
  expect(await ask(0)).toBeNull();
  expect(done).toEqual([]);
  expect(resident).toEqual([]);
});

test("the shots go with the engine", async () => {
  const { ask, end } = setUp();
  await ask(0);
  end();
  await expect.poll(() => readdir(folder)).toEqual([]);
});

test("leaves no file behind when the engine dies or the client goes", async () => {
  const { ask } = setUp(async (file) => {
    await writeFile(file, "kv");
    if (file.endsWith(".shots")) throw new BackendGone("gone");
  });
  await expect(ask(0)).rejects.toThrow(BackendGone);
  expect((await readdir(folder)).filter((name) => name.endsWith(".slot"))).toEqual([]);
});
