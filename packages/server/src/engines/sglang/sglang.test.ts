import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { BackendGone, GrammarRejected } from "../backend.ts";
import { collectDecode, decodeRequest } from "../contract/collect-decode.ts";
import { type FakeUpstream, sendJson, sendSse, startFakeUpstream } from "../upstream/testing/fake-upstream.ts";
import { createUpstreamClient } from "../upstream/upstream-client.ts";
import { connectSglang, type SglangBackend } from "./connect-sglang.ts";
import { readTokenizerConfig } from "./read-tokenizer-config.ts";

/** What a real SGLang 0.5.23 with SmolLM2 135M answered: testing/record-fixtures.ts. */
const recorded = z
  .record(z.string(), z.unknown())
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "__fixtures__/sglang-0.5.23.json"), "utf8")));
type Stream = "reply" | "prefill" | "ended" | "bound-logprobs" | "cut-character" | "bad-grammar" | "too-long" | "stopped";
const streamOf = (name: Stream): string => z.object({ text: z.string() }).parse(recorded[name]).text;
const spelledBy = (name: string): readonly string[] => z.object({ text: z.array(z.string()) }).parse(recorded[name]).text;
const [SPELLED, SKIPPED] = [spelledBy("/detokenize"), spelledBy("/detokenize without special tokens")];

const Body = z.looseObject({
  input_ids: z.array(z.int()).optional(),
  stream: z.boolean().optional(),
  cache_salt: z.string().optional(),
  sampling_params: z.looseObject({ ebnf: z.string().optional() }).optional(),
  prompt: z.array(z.string()).optional(),
  tokens: z.array(z.array(z.int())).optional(),
  skip_special_tokens: z.boolean().optional(),
});
type Asked = z.infer<typeof Body>;

const PAGE_TOKENS = 16;
let fake: FakeUpstream;
let folder: string;
let tokenizerConfig: string;
let knows: { prefixes: boolean; salts: boolean; grammar: boolean; deltas: boolean };
let stream: string;
let connected: boolean;
const connect = (): Promise<SglangBackend> =>
  connectSglang({
    client: createUpstreamClient({ url: fake.url, headers: {}, connectMs: 1_000, connectionsMax: 8 }),
    url: fake.url,
    tokenizerConfig,
    slots: 2,
    silenceMs: 2_000,
    signal: new AbortController().signal,
    lookEveryMs: 20,
  }).then((backend) => {
    connected = true;
    return backend;
  });
const generates = () => fake.requests.filter(({ path }) => path === "/generate");
const lastBody = (): Asked => Body.parse(JSON.parse(generates().at(-1)?.body ?? ""));

/** A tokenizer of the recorded 64 tokens, and one token for each character that is none of them. */
function answerTexts(path: string, asked: Asked): unknown {
  if (path === "/detokenize") {
    const spell = (id: number) => (asked.skip_special_tokens === true ? SKIPPED[id] : SPELLED[id]) ?? "";
    return { text: asked.tokens?.map((list) => list.map(spell).join("")) };
  }
  const special = SPELLED.slice(0, SPELLED.indexOf("!")).toSorted((a, b) => b.length - a.length);
  const pieces = (text: string) =>
    text.split(new RegExp(`(${special.map((text) => RegExp.escape(text)).join("|")})`, "u")).filter((piece) => piece !== "");
  const ids = (text: string) =>
    pieces(text).flatMap((piece) => (special.includes(piece) ? [SPELLED.indexOf(piece)] : Array.from(piece, () => 40)));
  return { tokens: asked.prompt?.map(ids) };
}

function answerGenerate(asked: Asked): unknown {
  const cached = Math.floor(((asked.input_ids?.length ?? 0) - 1) / PAGE_TOKENS) * PAGE_TOKENS;
  const salts = new Set(generates().map(({ body }) => Body.parse(JSON.parse(body)).cache_salt));
  const isKnown = generates()
    .slice(0, -1)
    .some(({ body }) => Body.parse(JSON.parse(body)).cache_salt === asked.cache_salt);
  const reads = knows.prefixes && (isKnown || (!knows.salts && salts.size > 1));
  return {
    text: asked.sampling_params?.ebnf === undefined ? "a" : knows.grammar ? "yes" : "no",
    output_ids: [7],
    meta_info: { finish_reason: { type: "length", length: 1 }, cached_tokens: reads ? cached : 0 },
  };
}

/** Three tokens, as the probe asks for. */
function probeStream(): string {
  const [one = "", two = "", three = ""] = streamOf("reply").split("\n\n");
  if (knows.deltas) return `${[one, two, three].join("\n\n")}\n\ndata: [DONE]\n\n`;
  const all = [one, two, three].map((event) => JSON.parse(event.slice("data: ".length)) as { output_ids: number[] });
  const sums = all.map((event, index) => ({
    ...event,
    output_ids: all.slice(0, index + 1).flatMap(({ output_ids: ids }) => ids),
  }));
  return `${sums.map((event) => `data: ${JSON.stringify(event)}`).join("\n\n")}\n\ndata: [DONE]\n\n`;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-sglang-"));
  fake = await startFakeUpstream(() => {});
});
afterAll(async () => {
  await fake.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  fake.answer((outgoing, { path, body }) => {
    const asked = Body.parse(JSON.parse(body));
    if (path === "/abort_request") return outgoing.end();
    if (path !== "/generate") return sendJson(outgoing, 200, answerTexts(path, asked));
    if (asked.stream === true) return sendSse(outgoing, connected ? stream : probeStream());
    sendJson(outgoing, 200, answerGenerate(asked));
  });
  fake.probe((outgoing, { path }) => {
    if (recorded[path] === undefined) sendJson(outgoing, 404, { detail: "Not Found" });
    else sendJson(outgoing, 200, recorded[path]);
  });
  knows = { prefixes: true, salts: true, grammar: true, deltas: true };
  stream = streamOf("reply");
  connected = false;
  fake.requests.length = 0;
  tokenizerConfig = join(folder, "tokenizer_config.json");
  const told = { chat_template: "<|im_start|>{{ messages }}", bos_token: "<|im_start|>", eos_token: { content: "<|im_end|>" } };
  await writeFile(tokenizerConfig, JSON.stringify(told));
});

describe("connecting to an SGLang", () => {
  test("reads the model's facts and its special tokens, and how large the pages of its cache are", async () => {
    const backend = await connect();
    expect(backend.capabilities).toEqual({ version: "0.5.23", cacheBlockTokens: PAGE_TOKENS, contextTokens: 2048 });
    expect(backend.model).toMatchObject({
      chatTemplate: "<|im_start|>{{ messages }}",
      bosToken: "<|im_start|>",
      eosToken: "<|im_end|>",
      addBos: false,
      contextTokens: 2048,
    });
    expect([...backend.model.specialTokens]).toEqual(SPELLED.slice(0, 17).map((text, id) => [text, id]));
    expect(backend.model.endTokens).toEqual([0, 2]);
    const plain = await backend.tokenize("a <|im_end|> b", { special: false });
    expect(plain).not.toContain(2);
    expect(await backend.tokenize("<|im_end|>", { special: true })).toEqual([2]);
    await backend.close();
  });

  test.each([
    ["start SGLang without --disable-radix-cache", { prefixes: false }],
    ["reads prefixes under another cache_salt", { salts: false }],
    ["does not hold to a grammar", { grammar: false }],
    ["start this SGLang with --incremental-streaming-output", { deltas: false }],
  ])("that lacks what is needed: %s", async (message, lacks) => {
    knows = { ...knows, ...lacks };
    await expect(connect()).rejects.toThrow(message);
  });

  test("that is a router's, which tells nothing of the model, is told what to do instead", async () => {
    fake.probe((outgoing) => void outgoing.writeHead(404).end());
    await expect(connect()).rejects.toThrow("Name each SGLang as an upstream of its own instead");
  });

  test("whose tokenizer_config is of another model says so", async () => {
    await writeFile(tokenizerConfig, JSON.stringify({ chat_template: "x", eos_token: "<|eot_id|>" }));
    await expect(connect()).rejects.toThrow("is of another model: this SGLang knows no <|eot_id|>");
  });
});

describe("decoding on an SGLang", () => {
  test("a recorded reply is its tokens, its text, its logprobs and why it ended", async () => {
    const backend = await connect();
    const reply = await collectDecode(backend, {
      slot: 0,
      tokens: [1, 2, 3],
      maxTokens: 6,
      topLogprobs: 2,
      traceparent: "00-a-b-01",
    });
    expect(reply).toMatchObject({ text: "The sentence is a classic example", end: { reason: "length", cachedTokens: 0 } });
    expect(reply.tokens).toHaveLength(6);
    expect(reply.tokens.slice(0, 4)).toEqual([504, 6330, 314, 253]);
    expect(reply.logprobs[0]).toEqual([
      { token: 504, logprob: expect.closeTo(-2.57, 2) },
      { token: 57, logprob: expect.closeTo(-3.07, 2) },
    ]);
    expect(lastBody()).toMatchObject({ input_ids: [1, 2, 3], sampling_params: { max_new_tokens: 6, temperature: 0, top_k: -1 } });
    expect(generates().at(-1)?.headers["traceparent"]).toBe("00-a-b-01");
    await backend.close();
  });

  test("of tokens that came together each keeps its alternatives", async () => {
    const backend = await connect();
    type Event = { text: string; output_ids: number[]; meta_info: { output_top_logprobs: unknown[] } };
    const [one, two, ...rest] = streamOf("reply").split("\n\n");
    const [a, b] = [one, two].map((event = "") => JSON.parse(event.slice("data: ".length)) as Event);
    if (a === undefined || b === undefined) throw new Error("the recorded reply has no two tokens");
    const output_top_logprobs = [...a.meta_info.output_top_logprobs, ...b.meta_info.output_top_logprobs];
    const both = {
      text: a.text + b.text,
      output_ids: [...a.output_ids, ...b.output_ids],
      meta_info: { ...b.meta_info, output_top_logprobs },
    };
    const alone = await collectDecode(backend, { slot: 0, tokens: [1], maxTokens: 6, topLogprobs: 2 });
    stream = [`data: ${JSON.stringify(both)}`, ...rest].join("\n\n");
    const together = await collectDecode(backend, { slot: 0, tokens: [1], maxTokens: 6, topLogprobs: 2 });
    expect(together).toMatchObject({ tokens: alone.tokens, text: alone.text, logprobs: alone.logprobs });
    await backend.close();
  });

  test("its end token is the end, and no token; a prefill decodes nothing and says what was read", async () => {
    const backend = await connect();
    stream = streamOf("ended");
    const grammar = 'root ::= "zq"';
    const reply = await collectDecode(backend, { slot: 0, tokens: [1], maxTokens: 20, grammar });
    expect(reply).toMatchObject({ text: "zq", tokens: [106, 97], end: { reason: "end-token" } });
    expect(lastBody()).toMatchObject({ sampling_params: { ebnf: grammar, stop_token_ids: [0, 2] } });
    stream = streamOf("prefill");
    const filled = await collectDecode(backend, { slot: 0, tokens: [1], maxTokens: 0, grammar });
    expect(filled).toMatchObject({
      text: "",
      tokens: [],
      prefills: [{ cached: 11 }],
      end: { reason: "length", cachedTokens: 11 },
    });
    expect(lastBody().sampling_params).not.toHaveProperty("ebnf");
    await backend.close();
  });

  test("what a grammar forbids is no alternative, and a character that the end cut off is no text", async () => {
    const backend = await connect();
    stream = streamOf("bound-logprobs");
    const bound = await collectDecode(backend, { slot: 0, tokens: [1], maxTokens: 1, topLogprobs: 2, grammar: 'root ::= "zq"' });
    expect(bound.logprobs).toEqual([[{ token: 106, logprob: 0 }]]);
    stream = streamOf("cut-character");
    expect(await collectDecode(backend, { slot: 0, tokens: [1], maxTokens: 5 })).toMatchObject({ text: "😀" });
    await backend.close();
  });

  test("a grammar that it cannot read is refused, and what came with the refusal is no text", async () => {
    const backend = await connect();
    stream = streamOf("bad-grammar");
    const asked = { slot: 0, tokens: [1], grammar: "root ::= missing" };
    await expect(collectDecode(backend, asked)).rejects.toBeInstanceOf(GrammarRejected);
    stream = streamOf("too-long");
    await expect(collectDecode(backend, asked)).rejects.toThrow("longer than the model's context length");
    stream = streamOf("stopped");
    await expect(collectDecode(backend, { slot: 0, tokens: [1] })).rejects.toThrow("Aborted");
    await backend.close();
  });

  test("a server that is full is overloaded, not broken", async () => {
    const backend = await connect();
    stream = streamOf("bad-grammar").replace('"status_code":400', '"status_code":503');
    await expect(collectDecode(backend, { slot: 0, tokens: [1] })).rejects.toMatchObject({ fault: "overloaded" });
    await backend.close();
  });

  test("a slot that is not to be reused reads under a salt of its own", async () => {
    const backend = await connect();
    stream = streamOf("prefill");
    const saltOf = async (slot: number, reusePrefix: boolean): Promise<string | undefined> => {
      await collectDecode(backend, { slot, tokens: [1, 2], maxTokens: 0, reusePrefix });
      return lastBody().cache_salt;
    };
    const first = await saltOf(0, false);
    expect(await saltOf(0, true)).toBe(first);
    expect(await saltOf(1, true)).not.toBe(first);
    expect(await saltOf(0, false)).not.toBe(first);
    await backend.close();
  });

  test.each(["leaving the generator", "the signal"])("%s stops the request by its name", async (how) => {
    const backend = await connect();
    const gone = fake.left();
    const [head = ""] = streamOf("reply").split("\n\n");
    const left = new AbortController();
    const reason = new Error("the client left");
    fake.answer((outgoing, { path, body }) => {
      if (path === "/abort_request") {
        outgoing.end();
        // It ends what it was told to, as the recorded one did.
        running?.end(streamOf("stopped"));
        return;
      }
      expect(Body.parse(JSON.parse(body)).stream).toBe(true);
      running = outgoing;
      sendSse(outgoing, `${head}\n\n`, { open: true });
    });
    let running: Parameters<Parameters<typeof fake.answer>[0]>[0] | null = null;
    const run = async (): Promise<unknown> => {
      for await (const event of backend.decode(decodeRequest({ slot: 0, tokens: [1] }), left.signal)) {
        expect(event).toMatchObject({ type: "tokens", text: "The" });
        if (how === "the signal") left.abort(reason);
        else break;
      }
      return null;
    };
    expect(await run().catch((error: unknown) => error)).toBe(how === "the signal" ? reason : null);
    expect(fake.requests.at(-1)).toMatchObject({ path: "/abort_request", body: JSON.stringify({ rid: lastBody()["rid"] }) });
    expect(fake.left()).toBe(gone);
    await backend.close();
  });
});

describe("an SGLang that fails", () => {
  test("in mid-stream is an error, and one that is gone is gone", async () => {
    const backend = await connect();
    fake.answer((outgoing, { path }) =>
      path === "/generate" ? sendSse(outgoing, streamOf("reply").slice(0, 700)) : outgoing.end(),
    );
    await expect(collectDecode(backend, { slot: 0, tokens: [1] })).rejects.toThrow("broke off");
    fake.answer((outgoing) => sendSse(outgoing, 'data: {"text": 5}\n\n'));
    await expect(collectDecode(backend, { slot: 0, tokens: [1] })).rejects.toThrow("invalid");
    fake.probe((outgoing) => void outgoing.socket?.destroy());
    await backend.gone;
    await expect(backend.tokenize("x", { special: true })).rejects.toBeInstanceOf(BackendGone);
  });

  test("and comes back with other weights is gone, too", async () => {
    const backend = await connect();
    fake.probe((outgoing) => sendJson(outgoing, 200, { ...(recorded["/model_info"] as object), weight_version: "next" }));
    await backend.gone;
    await expect(collectDecode(backend, { slot: 0, tokens: [1] })).rejects.toBeInstanceOf(BackendGone);
  });
});

test("a template stands in the file, by its name in it, or beside it", async () => {
  const write = (told: object) => writeFile(tokenizerConfig, JSON.stringify(told));
  await write({
    chat_template: [
      { name: "default", template: "A" },
      { name: "tool_use", template: "B" },
    ],
  });
  expect(await readTokenizerConfig(tokenizerConfig)).toEqual({ chatTemplate: "B", bosToken: null, eosToken: null });
  await write({ bos_token: null, eos_token: "</s>" });
  await expect(readTokenizerConfig(tokenizerConfig)).rejects.toThrow("holds no chat_template");
  await writeFile(join(folder, "chat_template.jinja"), "C");
  expect(await readTokenizerConfig(tokenizerConfig)).toEqual({ chatTemplate: "C", bosToken: null, eosToken: "</s>" });
});
