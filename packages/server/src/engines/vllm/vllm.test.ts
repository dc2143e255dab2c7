import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { BackendGone, GrammarRejected } from "../backend.ts";
import { collectDecode } from "../contract/collect-decode.ts";
import { plainPieces } from "../upstream/plain-pieces.ts";
import { createUpstreamClient } from "../upstream/upstream-client.ts";
import { connectVllm, type VllmBackend } from "./connect-vllm.ts";
import { type FakeVllm, recordedStream, startFakeVllm } from "./testing/fake-vllm.ts";

const Body = z.looseObject({ cache_salt: z.string().optional() });

let fake: FakeVllm;
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
  fake = await startFakeVllm();
});
afterAll(() => fake.close());
beforeEach(() => fake.reset());

describe("connecting to a vLLM", () => {
  test("reads the model's facts, and how large the blocks of its cache are", async () => {
    const backend = await connect();
    expect(backend.capabilities).toEqual({ version: "0.32.0", cacheBlockTokens: 16, contextTokens: 2048 });
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
    fake.lack(lacks);
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

  test("of tokens that came together each keeps its alternatives", async () => {
    const backend = await connect();
    type Event = { choices: { text: string; token_ids: number[]; logprobs: { top_logprobs: object[] } }[] };
    const [one, two, ...rest] = recordedStream("reply").split("\n\n");
    const [first, second] = [one, two].map((event = "") => JSON.parse(event.slice("data: ".length)) as Event);
    const [a, b] = [first?.choices[0], second?.choices[0]];
    if (first === undefined || a === undefined || b === undefined) throw new Error("the recorded reply has no two tokens");
    const logprobs = { top_logprobs: [...a.logprobs.top_logprobs, ...b.logprobs.top_logprobs] };
    const both = { ...first, choices: [{ ...a, text: a.text + b.text, token_ids: [...a.token_ids, ...b.token_ids], logprobs }] };
    const alone = await collectDecode(backend, { slot: 0, tokens: [1], maxTokens: 6, topLogprobs: 2 });
    fake.stream([`data: ${JSON.stringify(both)}`, ...rest].join("\n\n"));
    const together = await collectDecode(backend, { slot: 0, tokens: [1], maxTokens: 6, topLogprobs: 2 });
    expect(together).toMatchObject({ tokens: alone.tokens, text: alone.text, logprobs: alone.logprobs });
    await backend.close();
  });

  test("its end token is the end, and no token", async () => {
    const backend = await connect();
    fake.stream(recordedStream("ended"));
    const grammar = 'root ::= "zq"';
    const reply = await collectDecode(backend, { slot: 0, tokens: [1], maxTokens: 20, grammar });
    expect(reply).toMatchObject({ text: "zq", tokens: [106, 97], end: { reason: "end-token" } });
    expect(JSON.parse(fake.requests.at(-1)?.body ?? "")).toMatchObject({
      structured_outputs: { grammar },
      stop_token_ids: expect.arrayContaining([2]),
    });
    fake.stream(recordedStream("bad-grammar"));
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
    fake.stream(recordedStream("reply").slice(0, 700));
    await expect(collectDecode(backend, { slot: 0, tokens: [1] })).rejects.toThrow("broke off");
    fake.probe((outgoing) => void outgoing.socket?.destroy());
    await backend.gone;
    await expect(backend.tokenize("x", { special: true })).rejects.toBeInstanceOf(BackendGone);
    await backend.close();
  });

  test("a server that another has taken the place of without a gap is gone, too", async () => {
    const backend = await connect();
    fake.becomes("/v1/models", { data: [{ id: "smol", root: "/models/smollm2", max_model_len: 1024 }] });
    await backend.gone;
    await expect(collectDecode(backend, { slot: 0, tokens: [1] })).rejects.toBeInstanceOf(BackendGone);
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
