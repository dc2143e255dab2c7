import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BackendGone, GrammarRejected, type TokenBackend } from "../backend.ts";
import { collectDecode, decodeRequest, watchDecodes } from "./collect-decode.ts";
import { testWeights } from "./test-weights.ts";

/** What the suite asks for: the backend itself, and the process to kill. */
export type StartedBackend = TokenBackend & { readonly pid: number };

export interface StartOptions {
  readonly file: string;
  readonly slots: number;
  readonly contextTokens: number;
}

/** Tokens that must agree where only the batch shape differs: float sums in another order may flip a near tie later. */
const AGREEING_TOKENS = 8;
/** A line of the long prompt up to the words that all of its lines have: no rounding of sums makes so small a model doubt them. */
const LINE_BEGUN = " Line 41 of";
const SURE_WORDS = /^ the log says that ship/;
/** Tokens that may be decoded after an abort: what was under way, and what a slow pipe had not yet told us. */
const CANCEL_SLACK_TOKENS = 6;
const CONTEXT_TOKENS = 2048;
const SLOTS = 4;
const NEVER = new AbortController().signal;

/** What backends may differ in. */
export interface BackendTraits {
  /** What the model's file says of it; empty where the engine does not tell. */
  readonly architecture: string;
  /** A saved slot fits an engine with another number of slots; else that engine has another fingerprint, and refuses it. */
  readonly fitsOtherSlots: boolean;
  /** A prefix is read again in whole blocks of so many tokens; 1: to the token. */
  readonly cacheBlockTokens: number;
  /** Whether it says how far it is with a prompt, and an abort keeps what was computed of it. */
  readonly tellsProgress: boolean;
  /** Logprobs under a grammar are those without it; else only what the grammar allows is among them. */
  readonly logprobsKnowNoGrammar: boolean;
  /** Whether a seed repeats a sampled text. */
  readonly knowsSeeds: boolean;
}
const LOCAL: BackendTraits = {
  architecture: "llama",
  fitsOtherSlots: true,
  cacheBlockTokens: 1,
  tellsProgress: true,
  logprobsKnowNoGrammar: true,
  knowsSeeds: true,
};

/** The promises of `TokenBackend`, with real weights. Every backend runs it in its own `*.model.test.ts`. */
export function testTokenBackendContract(
  name: string,
  start: (options: StartOptions) => Promise<StartedBackend>,
  traits: BackendTraits = LOCAL,
): void {
  describe(`${name} keeps the token backend's contract`, () => {
    let backend: StartedBackend;
    let folder: string;
    let question: readonly number[];
    let longPrompt: readonly number[];
    /** What of so many tokens is read again. */
    const held = (tokens: number): number => tokens - (tokens % traits.cacheBlockTokens);
    const options = () => ({
      file: testWeights("SmolLM2-135M-Instruct.Q4_1.gguf"),
      slots: SLOTS,
      contextTokens: CONTEXT_TOKENS,
    });
    const ask = (text: string) =>
      backend.tokenize(`<|im_start|>user\n${text}<|im_end|>\n<|im_start|>assistant\n`, { special: true });

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "parley-contract-"));
      backend = await start(options());
      question = await ask("Tell me a long story about a lighthouse keeper and his dog.");
      const filler = await backend.tokenize(
        Array.from({ length: 200 }, (_, i) => `Line ${i} of the log says that ship ${i * 7} passed. `).join(""),
        { special: false },
      );
      longPrompt = filler.slice(0, 1700);
    });
    afterAll(async () => {
      await backend.close();
      await rm(folder, { recursive: true, force: true });
    });

    test("the model's facts are those of the file", () => {
      expect(backend.slots).toBe(SLOTS);
      expect(backend.model).toMatchObject({
        contextTokens: CONTEXT_TOKENS,
        architecture: traits.architecture,
        canTruncate: true,
        addBos: false,
        bosToken: "<|im_start|>",
        eosToken: "<|im_end|>",
      });
      expect(backend.model.chatTemplate).toContain("<|im_start|>");
      expect(backend.model.specialTokens.get("<|im_start|>")).toBe(1);
      expect(backend.model.specialTokens.get("<|im_end|>")).toBe(2);
      expect(backend.model.endTokens).toContain(2);
      expect(backend.model.fingerprint).toMatch(/\S{8,}/);
    });

    test("a special token's spelling is that token only when asked for, and no BOS is added", async () => {
      const text = "a <|im_end|> b";
      expect(await backend.tokenize("<|im_end|>", { special: true })).toEqual([2]);
      const plain = await backend.tokenize(text, { special: false });
      expect(plain).not.toContain(2);
      expect(await backend.detokenize(plain)).toBe(text);
      const special = await backend.tokenize(text, { special: true });
      expect(special).toContain(2);
      expect(await backend.detokenize(special)).toBe(text);
      expect(await backend.tokenize("", { special: true })).toEqual([]);
    });

    test("text with emoji, CJK and control characters survives a round trip", async () => {
      const text = " Grüße 👍🏽 漢字\t\n\n  x\u0000y ";
      expect(await backend.detokenize(await backend.tokenize(text, { special: false }))).toBe(text);
    });

    test("greedy decoding gives the same tokens twice, and their text", async () => {
      const first = await collectDecode(backend, { slot: 0, tokens: question, maxTokens: 24 });
      const second = await collectDecode(backend, { slot: 1, tokens: question, maxTokens: 24 });
      expect(first.tokens).toHaveLength(24);
      expect(second.tokens).toEqual(first.tokens);
      expect(first.end.reason).toBe("length");
      expect(first.text).toBe(await backend.detokenize(first.tokens));
      expect(first.end.decodeMs).toBeGreaterThan(0);
      expect(first.end.prefillMs).toBeGreaterThan(0);
    });

    test.runIf(traits.knowsSeeds)("a seed repeats a sampled text", async () => {
      const sampler = { temperature: 1, topP: 0.95, topK: 50, seed: 7 };
      const first = await collectDecode(backend, { slot: 0, tokens: question, sampler });
      const again = await collectDecode(backend, { slot: 0, tokens: question, sampler });
      const other = await collectDecode(backend, { slot: 0, tokens: question, sampler: { ...sampler, seed: 8 } });
      expect(again.tokens).toEqual(first.tokens);
      expect(other.tokens).not.toEqual(first.tokens);
    });

    test("a reply ends at the end token, which is not reported", async () => {
      const reply = await collectDecode(backend, { slot: 0, tokens: await ask("Say hi."), maxTokens: 400 });
      expect(reply.end.reason).toBe("end-token");
      expect(reply.tokens).not.toContain(2);
      expect(reply.text).not.toContain("<|im_end|>");
    });

    test("max tokens 0 fills the slot with exactly the prompt", async () => {
      const warm = await collectDecode(backend, { slot: 0, tokens: question, maxTokens: 0 });
      expect(warm).toMatchObject({ tokens: [], text: "", end: { reason: "length", cachedTokens: 0 } });
      const more = [...question, ...(await backend.tokenize("Once upon", { special: false }))];
      expect((await collectDecode(backend, { slot: 0, tokens: more, reusePrefix: true })).end.cachedTokens).toBe(
        held(question.length),
      );
    });

    test("cached tokens are exactly the resident prefix", async () => {
      await collectDecode(backend, { slot: 0, tokens: question, maxTokens: 0 });
      // The last token is computed again: its logits are needed.
      const same = await collectDecode(backend, { slot: 0, tokens: question, reusePrefix: true, maxTokens: 8 });
      expect(same.end.cachedTokens).toBe(held(question.length - 1));
      const fork = [...question.slice(0, 9), ...(await backend.tokenize("zebra", { special: false }))];
      expect((await collectDecode(backend, { slot: 0, tokens: fork, reusePrefix: true })).end.cachedTokens).toBe(held(9));
      expect((await collectDecode(backend, { slot: 0, tokens: question })).end.cachedTokens).toBe(0);
      await backend.clearSlot(0);
      expect((await collectDecode(backend, { slot: 0, tokens: question, reusePrefix: true })).end.cachedTokens).toBe(0);
    });

    test("a turn that goes on from a used slot decodes what a fresh slot decodes", async () => {
      const first = await collectDecode(backend, { slot: 0, tokens: question, maxTokens: 20 });
      const next = [...question, ...first.tokens.slice(0, 12), ...(await backend.tokenize(" But then", { special: false }))];
      const reused = await collectDecode(backend, { slot: 0, tokens: next, reusePrefix: true });
      const fresh = await collectDecode(backend, { slot: 1, tokens: next });
      expect(reused.end.cachedTokens).toBeGreaterThanOrEqual(held(question.length + 12));
      expect(fresh.end.cachedTokens).toBe(0);
      expect(reused.tokens.slice(0, AGREEING_TOKENS)).toEqual(fresh.tokens.slice(0, AGREEING_TOKENS));
    });

    test("all slots at once decode what each decodes alone", async () => {
      const prompts = await Promise.all(["Name a colour.", "What is 2+2?", "Who are you?", "Describe rain."].map(ask));
      const alone: (readonly number[])[] = [];
      for (const tokens of prompts) alone.push((await collectDecode(backend, { slot: 0, tokens })).tokens);
      const together = await Promise.all(prompts.map((tokens, slot) => collectDecode(backend, { slot, tokens })));
      expect(together.map((reply) => reply.tokens.slice(0, AGREEING_TOKENS))).toEqual(
        alone.map((tokens) => tokens.slice(0, AGREEING_TOKENS)),
      );
    });

    test.runIf(traits.tellsProgress)("a long prompt reports its progress", async () => {
      const { prefills, end } = await collectDecode(backend, { slot: 0, tokens: longPrompt, maxTokens: 1 });
      expect(prefills.length).toBeGreaterThanOrEqual(2);
      expect(prefills.every(({ total, cached }) => total === longPrompt.length && cached === 0)).toBe(true);
      const done = prefills.map((event) => event.done);
      expect(done).toEqual(done.toSorted((a, b) => a - b));
      expect(end.cachedTokens).toBe(0);
    });

    test("an abort stops decoding within one token and keeps what was computed", async () => {
      const whole = await collectDecode(backend, { slot: 1, tokens: question, maxTokens: 120 });
      const stop = new AbortController();
      let seen = 0;
      const reason = new Error("the client left");
      const run = async () => {
        for await (const event of backend.decode(decodeRequest({ slot: 0, tokens: question, maxTokens: 120 }), stop.signal)) {
          if (event.type !== "tokens") continue;
          seen += event.tokens.length;
          if (seen >= 5) stop.abort(reason);
        }
      };
      await expect(run()).rejects.toBe(reason);
      const probe = [...question, ...whole.tokens];
      const { end } = await collectDecode(backend, { slot: 0, tokens: probe, reusePrefix: true, maxTokens: 1 });
      expect(end.cachedTokens).toBeGreaterThanOrEqual(held(question.length + seen - 1));
      expect(end.cachedTokens).toBeLessThanOrEqual(question.length + seen + CANCEL_SLACK_TOKENS);
    });

    test("leaving the generator early stops decoding too", async () => {
      const whole = await collectDecode(backend, { slot: 1, tokens: question, maxTokens: 120 });
      let seen = 0;
      for await (const event of backend.decode(decodeRequest({ slot: 0, tokens: question, maxTokens: 120 }), NEVER)) {
        if (event.type === "tokens") seen += event.tokens.length;
        if (seen >= 5) break;
      }
      const probe = [...question, ...whole.tokens];
      const { end } = await collectDecode(backend, { slot: 0, tokens: probe, reusePrefix: true, maxTokens: 1 });
      expect(end.cachedTokens).toBeGreaterThanOrEqual(held(question.length + seen - 1));
      expect(end.cachedTokens).toBeLessThanOrEqual(question.length + seen + CANCEL_SLACK_TOKENS);
    });

    test.runIf(traits.tellsProgress)(
      "an abort during prefill takes effect at the next batch, and the computed part is used again",
      async () => {
        const stop = new AbortController();
        let done = 0;
        const run = async () => {
          const request = decodeRequest({ slot: 0, tokens: longPrompt, maxTokens: 1 });
          for await (const event of backend.decode(request, stop.signal)) {
            if (event.type !== "prefill" || event.done === 0 || done > 0) continue;
            done = event.done;
            stop.abort();
          }
        };
        await expect(run()).rejects.toMatchObject({ name: "AbortError" });
        expect(done).toBeLessThanOrEqual(512);
        const { end } = await collectDecode(backend, { slot: 0, tokens: longPrompt, reusePrefix: true, maxTokens: 1 });
        expect(end.cachedTokens).toBeGreaterThanOrEqual(done);
        expect(end.cachedTokens).toBeLessThanOrEqual(done + 2 * 512);
        expect(end.cachedTokens).toBeLessThan(longPrompt.length - 1);
      },
    );

    test("a signal that is aborted already starts nothing", async () => {
      const reason = new Error("too late");
      const events = backend.decode(decodeRequest({ slot: 0, tokens: question }), AbortSignal.abort(reason));
      await expect(events.next()).rejects.toBe(reason);
    });

    test("a grammar binds the text from its first token, and its end ends the decode", async () => {
      const grammar = String.raw`root ::= "{\"city\": \"" [A-Za-z ]{1,20} "\", \"days\": " [1-9] [0-9]? "}"`;
      const sampler = { temperature: 1.5, topP: 1, topK: 0 };
      const replies = await Promise.all(
        [0, 1, 2, 3].map((slot) => collectDecode(backend, { slot, tokens: question, grammar, sampler, maxTokens: 80 })),
      );
      for (const { text, end } of replies) {
        expect(JSON.parse(text)).toEqual({ city: expect.stringMatching(/^[A-Za-z ]{1,20}$/), days: expect.any(Number) });
        expect(end.reason).toBe("end-token");
      }
    });

    test("a grammar does not outlive its decode", async () => {
      const free = await collectDecode(backend, { slot: 0, tokens: question });
      await collectDecode(backend, { slot: 0, tokens: question, grammar: `root ::= "xyz"` });
      expect((await collectDecode(backend, { slot: 0, tokens: question })).tokens).toEqual(free.tokens);
    });

    test("a grammar that does not compile is rejected, and the slot goes on working", async () => {
      for (const grammar of ["this is no grammar (((", `start ::= "no root rule"`, "root ::= missing-rule"]) {
        await expect(collectDecode(backend, { slot: 0, tokens: question, grammar })).rejects.toBeInstanceOf(GrammarRejected);
      }
      expect((await collectDecode(backend, { slot: 0, tokens: question })).tokens).toHaveLength(16);
    });

    test("characters of several tokens arrive whole", async () => {
      const text = "😀👍🏽 ñ 漢字 🏴‍☠️";
      const pieces: string[] = [];
      const request = decodeRequest({ slot: 0, tokens: question, grammar: `root ::= "${text}"`, maxTokens: 80 });
      for await (const event of backend.decode(request, NEVER)) if (event.type === "tokens") pieces.push(event.text);
      expect(pieces.join("")).toBe(text);
      expect(pieces.every((piece) => piece.isWellFormed() && !piece.includes("\u{fffd}"))).toBe(true);
    });

    test("logprobs are the model's own, before grammar and sampling", async () => {
      const free = await collectDecode(backend, { slot: 0, tokens: question, topLogprobs: 5, maxTokens: 6 });
      expect(free.logprobs).toHaveLength(6);
      for (const [index, alternatives] of free.logprobs.entries()) {
        expect(alternatives).toHaveLength(5);
        expect(alternatives[0]?.token).toBe(free.tokens[index]);
        const values = alternatives.map((alternative) => alternative.logprob);
        expect(values).toEqual(values.toSorted((a, b) => b - a));
        const mass = values.reduce((sum, value) => sum + Math.exp(value), 0);
        expect(mass).toBeGreaterThan(0.05);
        expect(mass).toBeLessThan(1.0001);
      }
      const bound = await collectDecode(backend, {
        slot: 1,
        tokens: question,
        topLogprobs: 5,
        maxTokens: 4,
        grammar: `root ::= "zq" [a-z]{9}`,
        sampler: { temperature: 2, topP: 0.5, topK: 3 },
      });
      expect(bound.text.startsWith("z")).toBe(true);
      if (!traits.logprobsKnowNoGrammar) return;
      expect(bound.logprobs[0]?.map(({ token }) => token)).toEqual(free.logprobs[0]?.map(({ token }) => token));
      for (const [index, alternative] of (bound.logprobs[0] ?? []).entries()) {
        expect(alternative.logprob).toBeCloseTo(free.logprobs[0]?.[index]?.logprob ?? Number.NaN, 1);
      }
    });

    test("a saved slot goes on in another slot", async () => {
      const file = join(folder, "slot.kv");
      await collectDecode(backend, { slot: 0, tokens: longPrompt, maxTokens: 0 });
      const saved = await backend.saveSlot(0, file);
      expect(saved.tokens).toBe(longPrompt.length);
      expect(saved.bytes).toBe((await readFile(file)).byteLength);
      await collectDecode(backend, { slot: 2, tokens: question });
      expect(await backend.restoreSlot(2, file)).toBe(true);
      const next = [...longPrompt, ...(await backend.tokenize(LINE_BEGUN, { special: false }))];
      const restored = await collectDecode(backend, { slot: 2, tokens: next, reusePrefix: true });
      expect(restored.end.cachedTokens).toBe(held(longPrompt.length));
      expect(restored.text).toMatch(SURE_WORDS);
    });

    test("a saved slot goes on in an engine with another number of slots, unless that has another fingerprint", async () => {
      const file = join(folder, "other-slots.kv");
      const prefix = longPrompt.slice(0, 300);
      await collectDecode(backend, { slot: 2, tokens: prefix, maxTokens: 0 });
      await backend.saveSlot(2, file);
      const next = [...prefix, ...(await backend.tokenize(LINE_BEGUN, { special: false }))];
      for (const slots of [1, SLOTS + 1]) {
        const other = await start({ ...options(), slots });
        expect(other.model.fingerprint === backend.model.fingerprint).toBe(traits.fitsOtherSlots);
        expect(await other.restoreSlot(slots - 1, file)).toBe(traits.fitsOtherSlots);
        const restored = await collectDecode(other, { slot: slots - 1, tokens: next, reusePrefix: true });
        expect(restored.end.cachedTokens).toBe(traits.fitsOtherSlots ? held(prefix.length) : 0);
        expect(restored.text).toMatch(SURE_WORDS);
        await other.close();
      }
    });

    test("a file that is no snapshot of this model is refused, and the slot goes on working", async () => {
      const file = join(folder, "good.kv");
      await collectDecode(backend, { slot: 0, tokens: question, maxTokens: 0 });
      await backend.saveSlot(0, file);
      const bytes = await readFile(file);
      const noise = join(folder, "noise.kv");
      await writeFile(noise, Buffer.alloc(10_000, 0xa7));
      const cut = join(folder, "cut.kv");
      await writeFile(cut, bytes.subarray(0, bytes.byteLength >> 1));
      const empty = join(folder, "empty.kv");
      await writeFile(empty, "");
      for (const bad of [noise, cut, empty, join(folder, "missing.kv")]) {
        expect(await backend.restoreSlot(1, bad)).toBe(false);
      }
      const after = await collectDecode(backend, { slot: 1, tokens: question });
      expect(after.tokens).toEqual((await collectDecode(backend, { slot: 0, tokens: question })).tokens);
    });

    test("a full context ends the decode by length", async () => {
      const filler = Array.from({ length: 2 }, () => longPrompt)
        .flat()
        .slice(0, CONTEXT_TOKENS - 20);
      const reply = await collectDecode(backend, {
        slot: 0,
        tokens: filler,
        maxTokens: 500,
        grammar: "root ::= [a-z ]{1500}",
      });
      expect(reply.end.reason).toBe("length");
      expect(reply.tokens.length).toBeGreaterThanOrEqual(15);
      expect(reply.tokens.length).toBeLessThanOrEqual(21);
      const tooLong = Array.from({ length: 2 }, () => longPrompt).flat();
      await expect(collectDecode(backend, { slot: 0, tokens: tooLong })).rejects.toBeInstanceOf(Error);
      expect((await collectDecode(backend, { slot: 0, tokens: question })).tokens).toHaveLength(16);
    });

    test("kill -9 ends every call with BackendGone", async () => {
      const doomed = await start(options());
      const { watched, underWay } = watchDecodes(doomed, 2);
      const running = [0, 1].map((slot) => collectDecode(watched, { slot, tokens: question, maxTokens: 1500 }));
      const settled = Promise.allSettled(running);
      await Promise.race([underWay, settled]);
      process.kill(doomed.pid, "SIGKILL");
      for (const result of await settled) {
        expect(result).toMatchObject({ status: "rejected", reason: expect.any(BackendGone) });
      }
      await doomed.gone;
      await expect(doomed.tokenize("x", { special: false })).rejects.toBeInstanceOf(BackendGone);
      await expect(collectDecode(doomed, { slot: 0, tokens: question })).rejects.toBeInstanceOf(BackendGone);
      await doomed.close();
    });

    test("close ends the process", async () => {
      const other = await start({ ...options(), slots: 1 });
      await other.close();
      await other.gone;
      expect(() => process.kill(other.pid, 0)).toThrow("ESRCH");
    });
  });
}
