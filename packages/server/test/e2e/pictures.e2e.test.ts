import Anthropic from "@anthropic-ai/sdk";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePng } from "../../src/documents/testing/make-png.ts";
import { writeProjector } from "../../src/engines/llama-server/testing/write-projector.ts";
import { type RunningParley, SMALL, startParley } from "../support/start-parley.ts";

/** As `SmolLM2-135M` has it. */
const EMBEDDING_SIZE = 576;
const MODEL = "claude-haiku-4-5";
const WEBP = join(import.meta.dirname, "../../src/documents/__fixtures__/invoice.webp");

let dataDir: string;
let parley: RunningParley;
let client: Anthropic;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "parley-pictures-"));
  await mkdir(join(dataDir, "models"), { recursive: true });
  await writeProjector(join(dataDir, "models", "mmproj-smollm2.gguf"), EMBEDDING_SIZE);
  await writeFile(join(dataDir, "parley.yaml"), JSON.stringify({ engine: { projectors: { [SMALL]: "mmproj-smollm2.gguf" } } }));
  parley = await startParley({
    model: SMALL,
    dataDir,
    env: { PARLEY_THREADS: "1", PARLEY_SLOTS: "2", PARLEY_CONTEXT_TOKENS: "2048", PARLEY_DEFAULT_TEMPERATURE: "0" },
  });
  client = new Anthropic({ baseURL: parley.url, apiKey: parley.apiKey, maxRetries: 0 });
});
afterAll(async () => {
  await parley?.[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
});

const image = (width: number, height: number, more: object = {}): Anthropic.ImageBlockParam => ({
  type: "image",
  source: { type: "base64", media_type: "image/png", data: makePng(width, height, 7).toString("base64") },
  ...more,
});
const ask = (...content: Anthropic.ContentBlockParam[]): Anthropic.MessageCreateParamsNonStreaming => ({
  model: MODEL,
  max_tokens: 8,
  messages: [{ role: "user", content }],
});
const total = ({ input_tokens: input, cache_read_input_tokens: read, cache_creation_input_tokens: created }: Anthropic.Usage) =>
  input + (read ?? 0) + (created ?? 0);

test("a model with a projector says that it sees, and its projector is no model", async () => {
  const { data } = await client.models.list();
  expect(data.find(({ id }) => id.startsWith(MODEL))?.capabilities?.image_input.supported).toBe(true);
  expect(data.map(({ id }) => id).filter((id) => id.includes("mmproj"))).toEqual([]);
});

test("pictures are counted as they are used, more for a larger one, in a message and in a tool's result", async () => {
  const counts: number[] = [];
  for (const shown of [image(64, 64), image(300, 200)]) {
    const params = ask({ type: "text", text: "Look. " }, shown, { type: "text", text: "What is it?" });
    const { max_tokens: _none, ...counted } = params;
    const { input_tokens: tokens } = await client.messages.countTokens(counted);
    expect(total((await client.messages.create(params)).usage)).toBe(tokens);
    counts.push(tokens);
  }
  expect((counts[1] ?? 0) - (counts[0] ?? 0)).toBeGreaterThan(100);
  const answered: Anthropic.MessageCreateParamsNonStreaming = {
    ...ask(),
    tools: [{ name: "camera", input_schema: { type: "object" } }],
    messages: [
      { role: "user", content: "Take a picture." },
      { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "camera", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: [image(64, 64)] }] },
    ],
  };
  const { max_tokens: _none, ...counted } = answered;
  const streamed = await client.messages.stream(answered).finalMessage();
  expect(total(streamed.usage)).toBe((await client.messages.countTokens(counted)).input_tokens);
});

test("a breakpoint behind a picture keeps what was computed of it", async () => {
  const params = ask(image(250, 250, { cache_control: { type: "ephemeral", ttl: "1h" } }), { type: "text", text: "What is it?" });
  const first = await client.messages.create(params);
  expect(first.usage.cache_creation_input_tokens).toBeGreaterThan(300);
  const onward: Anthropic.MessageCreateParamsNonStreaming = {
    ...params,
    messages: [
      ...params.messages,
      { role: "assistant", content: "A picture." },
      { role: "user", content: [{ type: "text", text: "And now?" }] },
    ],
  };
  const second = await client.messages.create(onward);
  expect(second.usage.cache_read_input_tokens).toBe(first.usage.cache_creation_input_tokens);
  expect(second.usage.input_tokens).toBeLessThan(100);
});

test("what cannot be shown is a 400 that says so, and the next request is answered", async () => {
  const webp = { type: "base64" as const, media_type: "image/webp" as const, data: readFileSync(WEBP).toString("base64") };
  const cut = makePng(64, 64, 1).subarray(0, 60).toString("base64");
  const cases: readonly (readonly [Anthropic.ImageBlockParam, RegExp])[] = [
    [{ type: "image", source: webp }, /image\/webp pictures cannot be shown to this model/],
    [{ type: "image", source: { type: "base64", media_type: "image/png", data: cut } }, /Could not process image/],
    [
      image(1_600, 8, { transformations: { oversized_image: "error" } }),
      /the image is 1600x8 pixels, and would be scaled down to 1568/,
    ],
  ];
  for (const [shown, text] of cases) {
    const refused = await client.messages.create(ask(shown)).catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 400, message: expect.stringMatching(text) as string });
  }
  const downsized = ask(image(1_600, 8, { transformations: { oversized_image: "downsize" } }), { type: "text", text: "Hi" });
  expect((await client.messages.create(downsized)).usage.input_tokens).toBeGreaterThan(0);
});
