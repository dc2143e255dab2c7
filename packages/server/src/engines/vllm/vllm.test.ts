import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { BackendGone, GrammarRejected } from "../backend.ts";
import { collectDecode } from "../contract/collect-decode.ts";
import { type FakeUpstream, sendJson, sendSse, startFakeUpstream } from "../upstream/testing/fake-upstream.ts";
import { createUpstreamClient } from "../upstream/upstream-client.ts";
import { connectVllm, type VllmBackend } from "./connect-vllm.ts";
import { plainPieces } from "./plain-pieces.ts";

/** What a real vLLM 0.32 with SmolLM2 135M answered: testing/record-fixtures.ts. */
const recorded = z
  .record(z.string(), z.unknown())
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "__fixtures__/vllm-0.32.json"), "utf8")));
const streamOf = (name: "reply" | "ended" | "bad-grammar"): string => z.object({ text: z.string() }).parse(recorded[name]).text;
const Body = z.looseObject({
  prompt: z.array(z.int()).or(z.string()).optional(),
  stream: z.boolean().optional(),
  structured_outputs: z.unknown().optional(),
  cache_salt: z.string().optional(),
});

const BLOCK_TOKENS = 16;
let fake: FakeUpstream;
let knows: { details: boolean; tokenizer: boolean; cached: boolean };
let stream: string;
const connect = (): Promise<VllmBackend> =>
  connectVllm({
    client: createUpstreamClient({ url: fake.url, headers: {}, connectMs: 1_000, connectionsMax: 8 }),
    url: fake.url,
    model: null,
    slots: 2,
    silenceMs: 2_000,
    signal: new AbortController().signal,
    lookEveryMs: 20,
  });

beforeAll(async () => {
  fake = await startFakeUpstream((outgoing, { path, body }) => {
    const asked = Body.parse(JSON.parse(body));
    const prompt = asked.prompt ?? "";
    if (path === "/tokenize")
      return sendJson(outgoing, 200, { tokens: Array.from({ length: prompt.length }, (_, index) => 100 + index) });
    if (asked.stream === true) return sendSse(outgoing, stream);
    const cached = knows.cached ? Math.floor((prompt.length - 1) / BLOCK_TOKENS) * BLOCK_TOKENS : 0;
    sendJson(outgoing, 200, {
      choices: [{ text: asked.structured_outputs === undefined ? "a" : "yes", token_ids: [7] }],
      usage: { prompt_tokens_details: knows.details ? { cached_tokens: cached } : null },
    });
  });
  fake.probe((outgoing, { path }) => {
    const known = path === "/tokenizer_info" && !knows.tokenizer ? undefined : recorded[path];
    if (known === undefined) sendJson(outgoing, 404, { error: { message: "Not Found" } });
    else sendJson(outgoing, 200, known);
  });
});
afterAll(() => fake.close());
beforeEach(() => {
  knows = { details: true, tokenizer: true, cached: true };
  stream = streamOf("reply");
});

describe("connecting to a vLLM", () => {
  test("reads the model's facts, and how large the blocks of its cache are", async () => {
    const backend = await connect();
    expect(backend.capabilities).toEqual({ version: "0.32.0", cacheBlockTokens: BLOCK_TOKENS, contextTokens: 2048 });
    expect(backend.model).toMatchObject({
      contextTokens: 2048,
      bosToken: "<|im_start|>",
      eosToken: "<|im_end|>",
      canTruncate: true,
    });
    expect(backend.model.chatTemplate).toContain("<|im_start|>");
    expect(backend.model.specialTokens.get("<|im_end|>")).toBe(2);
    expect(backend.model.endTokens).toContain(2);
    await backend.close();
  });

  test.each([
    ["--enable-prompt-tokens-details", { details: false }],
    ["--enable-tokenizer-info-endpoint", { tokenizer: false }],
    ["--enable-prefix-caching", { cached: false }],
  ])("that was started without %s says so", async (flag, lacks) => {
    knows = { ...knows, ...lacks };
    await expect(connect()).rejects.toThrow(`start this vLLM with ${flag}`);
  });
});

describe("decoding on a vLLM", () => {
  test("a recorded reply is its tokens, its text, its logprobs and why it ended", async () => {
    const backend = await connect();
    const reply = await collectDecode(backend, { slot: 0, tokens: [1, 2, 3], maxTokens: 6, topLogprobs: 2 });
    expect(reply).toMatchObject({ text: "The sentence is a classic example", end: { reason: "length", cachedTokens: 0 } });
    expect(reply.tokens).toHaveLength(6);
    expect(reply.tokens.slice(0, 4)).toEqual([504, 6330, 314, 253]);
    expect(reply.logprobs[0]).toEqual([
      { token: 504, logprob: expect.closeTo(-2.486, 3) },
      { token: 57, logprob: expect.closeTo(-3.111, 3) },
    ]);
    await backend.close();
  });

  test("its end token is the end, and no token", async () => {
    const backend = await connect();
    stream = streamOf("ended");
    const grammar = 'root ::= "zq"';
    const reply = await collectDecode(backend, { slot: 0, tokens: [1], maxTokens: 20, grammar });
    expect(reply).toMatchObject({ text: "zq", tokens: [106, 97], end: { reason: "end-token" } });
    expect(JSON.parse(fake.requests.at(-1)?.body ?? "")).toMatchObject({
      structured_outputs: { grammar },
      stop_token_ids: expect.arrayContaining([2]),
    });
    stream = streamOf("bad-grammar");
    await expect(collectDecode(backend, { slot: 0, tokens: [1], grammar: "root ::= missing" })).rejects.toBeInstanceOf(
      GrammarRejected,
    );
    await backend.close();
  });

  test("a slot that is not to be reused reads under a salt of its own", async () => {
    const backend = await connect();
    const saltOf = async (slot: number, reusePrefix: boolean): Promise<string | undefined> => {
      await collectDecode(backend, { slot, tokens: [1, 2], maxTokens: 0, reusePrefix });
      return Body.parse(JSON.parse(fake.requests.at(-1)?.body ?? "")).cache_salt;
    };
    const first = await saltOf(0, false);
    expect(await saltOf(0, true)).toBe(first);
    expect(await saltOf(1, true)).not.toBe(first);
    expect(await saltOf(0, false)).not.toBe(first);
    await backend.close();
  });

  test("a stream that breaks off is an error, and a server that is gone is gone", async () => {
    const backend = await connect();
    stream = streamOf("reply").slice(0, 700);
    await expect(collectDecode(backend, { slot: 0, tokens: [1] })).rejects.toThrow("broke off");
    fake.probe((outgoing) => void outgoing.socket?.destroy());
    await backend.gone;
    await expect(backend.tokenize("x", { special: true })).rejects.toBeInstanceOf(BackendGone);
    await backend.close();
  });
});

test("a text is cut where it would spell a special token, and nowhere else", () => {
  expect(plainPieces("a <|im_end|> b", ["<|im_start|>", "<|im_end|>"])).toEqual(["a <|im_", "end|> b"]);
  expect(plainPieces("nothing here", ["<|im_end|>"])).toEqual(["nothing here"]);
  for (const text of ["<s><s>", "<<s>>", "x<s>"]) {
    const pieces = plainPieces(text, ["<s>"]);
    expect(pieces.join("")).toBe(text);
    expect(pieces.some((piece) => piece.includes("<s>"))).toBe(false);
  }
});
