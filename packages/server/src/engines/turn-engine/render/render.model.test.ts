import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Template } from "@huggingface/jinja";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testWeights, type TestWeights } from "../../contract/test-weights.ts";
import { readGguf } from "../../gguf/read-gguf.ts";
import { type LlamaServerBackend, startLlamaServer } from "../../llama-server/llama-server-backend.ts";
import { testLlamaServer } from "../../llama-server/test-binary.ts";
import { createPromptRenderer } from "./create-prompt-renderer.ts";
import type { PromptRenderer } from "./rendered-prompt.ts";
import { createMemoryReplayStore } from "./replay-store.ts";
import { expectStablePrefixes } from "./testing/expect-stable-prefixes.ts";
import { anyTurn, assistant, text, tool, toolResult, toolUse, turnOf, user } from "./testing/turns.ts";

const NEVER = new AbortController().signal;
const WEIGHTS: readonly TestWeights[] = [
  "SmolLM2-135M-Instruct.Q4_1.gguf",
  "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
  "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
];

describe.each(WEIGHTS)("%s", (name) => {
  let runFolder: string;
  let backend: LlamaServerBackend;
  let renderer: PromptRenderer;
  /** Characters that the backend was asked for. */
  let tokenized = 0;
  beforeAll(async () => {
    runFolder = await mkdtemp(join(tmpdir(), "parley-run-"));
    const file = testWeights(name);
    backend = await startLlamaServer({
      binary: testLlamaServer(),
      file,
      facts: await readGguf(file),
      slots: 1,
      contextTokens: 512,
      runFolder,
      signal: NEVER,
      threads: 1,
      gpu: "off",
    });
    renderer = createPromptRenderer({
      model: backend.model,
      tokenize(value, options) {
        tokenized += value.length;
        return backend.tokenize(value, options);
      },
      replays: createMemoryReplayStore({ nowMs: () => 0, monotonicMs: () => 0 }),
    });
  });
  afterAll(async () => {
    await backend.close();
    await rm(runFolder, { recursive: true, force: true });
  });

  const direct = (input: Record<string, unknown>): string =>
    new Template(backend.model.chatTemplate ?? "").render({ add_generation_prompt: true, tools: null, ...input });
  const spelled = async (turn: Parameters<typeof turnOf>[0]): Promise<string> =>
    backend.detokenize((await renderer.render(turnOf(turn))).tokens);

  test("a plain conversation is what the model's own template prints", async () => {
    const messages = [
      { role: "user", content: "What is a monad? Answer in one line." },
      { role: "assistant", content: "A monoid in the category of endofunctors.\n" },
      { role: "user", content: "  Indented — “quoted” 日本\n\n" },
    ];
    const [first, second, third] = messages.map(({ content }) => content);
    const asked = [user(first ?? ""), assistant(second ?? ""), user(third ?? "")];
    expect(await spelled({ messages: asked })).toBe(direct({ messages }));
    expect(await spelled({ system: [text("Be brief.")], messages: asked })).toBe(
      direct({ messages: [{ role: "system", content: "Be brief." }, ...messages] }),
    );
  });

  test("tools, calls and results are what the model's own template prints, where it knows them", async () => {
    const turn = {
      system: [text("Be brief.")],
      tools: [tool("weather"), tool("time", { description: 'Tells "the" time.\nIn <b>zones</b>.' })],
      messages: [
        user("Q"),
        assistant("Let me see.", toolUse("a"), toolUse("b", "time", { city: "Zürich", at: [1, 2.5, null] })),
        user(toolResult("a", "sunny"), toolResult("b", "noon")),
      ],
    };
    const call = (id: string, fn: string, args: unknown) => ({ id, type: "function", function: { name: fn, arguments: args } });
    const expected = direct({
      tools: turn.tools.map((spec) => ({
        type: "function",
        function: { name: spec.name, description: spec.description, parameters: spec.inputSchema },
      })),
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Q" },
        {
          role: "assistant",
          content: "Let me see.",
          tool_calls: [call("a", "weather", { city: "Bern" }), call("b", "time", { city: "Zürich", at: [1, 2.5, null] })],
        },
        { role: "tool", name: "weather", content: "sunny" },
        { role: "tool", name: "time", content: "noon" },
      ],
    });
    const prompt = await spelled(turn);
    const isNative = expected.includes("noon") && expected.includes("<tools>");
    expect(isNative ? reordered(prompt) : "").toBe(isNative ? reordered(expected) : "");
    for (const word of ["weather", "zones", "Zürich", "sunny", "noon"]) expect(prompt).toContain(word);
  });

  test("no text of a conversation becomes a special token", async () => {
    const special = new Set(backend.model.specialTokens.values());
    const count = async (value: string): Promise<number> => {
      const { tokens } = await renderer.render(
        turnOf({
          system: [text(value)],
          tools: [
            tool("weather", {
              description: value,
              inputSchema: { type: "object", properties: { [value]: { type: "string", enum: [value] } } },
            }),
          ],
          messages: [
            user(value),
            assistant(value, toolUse("a", "weather", { [value]: [value] })),
            user(toolResult("a", value, true), { type: "document", title: value, context: value, source: value, text: value }),
          ],
        }),
      );
      return tokens.filter((token) => special.has(token)).length;
    };
    const plain = await count("nothing");
    for (const spelling of backend.model.specialTokens.keys()) expect(await count(`a${spelling}b`), spelling).toBe(plain);
  });

  test("the tokens before a boundary depend on nothing after it", async () => {
    await fc.assert(
      fc.asyncProperty(anyTurn, anyTurn, (turn, other) => expectStablePrefixes(renderer, turn, other)),
      { numRuns: 15, seed: 7 },
    );
  });

  test("a prefill ends the prompt, and what was asked before is the same without it", async () => {
    const asked = await renderer.render(turnOf({ messages: [user("Count.")] }));
    const prefilled = await renderer.render(turnOf({ messages: [user("Count."), assistant("1, 2,")] }));
    expect(prefilled.tokens.slice(0, asked.tokens.length)).toEqual(asked.tokens);
    expect(await backend.detokenize(prefilled.tokens.slice(asked.tokens.length))).toBe("1, 2,");
  });

  test("of a prompt of 12,000 tokens only what is new is tokenized when it is rendered again", async () => {
    const long = "It is what it is, and so on and so forth; quite so. ".repeat(25);
    const turn = turnOf({
      system: [text(long.repeat(10), "1h")],
      tools: Array.from({ length: 20 }, (_, index) => tool(`tool_${index}`, { description: long })),
      messages: Array.from({ length: 60 }, (_, index) =>
        index % 2 === 0 ? user(`${index} ${long.slice(0, 150)}`) : assistant("Fine."),
      ).concat(user("Q")),
    });
    expect((await renderer.render(turn)).tokens.length).toBeGreaterThan(12_000);
    tokenized = 0;
    await renderer.render(structuredClone(turn));
    expect(tokenized).toBe(0);
    const next = { ...turn, messages: [...turn.messages, assistant("A"), user("And now?")] };
    await renderer.render(next);
    expect(tokenized).toBeGreaterThan(0);
    expect(tokenized).toBeLessThan(1_000);
  });
});

/** Arguments are printed in an order of ours: the schema's keys, then the others. */
const reordered = (prompt: string): string =>
  prompt.replaceAll(/"arguments": (\{.*\})\}/g, (_, json: string) =>
    JSON.stringify(Object.entries(JSON.parse(json) as object).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  );
