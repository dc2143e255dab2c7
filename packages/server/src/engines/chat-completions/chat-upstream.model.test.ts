import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KEY } from "../../doors/testing/start-test-server.ts";
import { testWeights } from "../contract/test-weights.ts";
import { startTcpLlamaServer, type TcpLlamaServer } from "../llama-server/testing/start-tcp-llama-server.ts";
import { type PooledServer, startWithPools } from "../../../test/support/start-with-pools.ts";

let engine: TcpLlamaServer;
let server: PooledServer;
let client: Anthropic;
beforeAll(async () => {
  engine = await startTcpLlamaServer(testWeights("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"), [
    "--jinja",
    "--ctx-size",
    "2048",
    "--parallel",
    "1",
  ]);
  server = await startWithPools({
    models: { haiku: "qwen" },
    upstreams: { box: { kind: "chat-completions", url: `${engine.url}/v1`, api_key: engine.apiKey, structured_outputs: true } },
    pools: { qwen: { targets: [{ upstream: "box" }], context_tokens: 2048 } },
  });
  client = new Anthropic({ baseURL: server.url, apiKey: KEY, maxRetries: 0 });
});
afterAll(async () => {
  await server.close();
  await engine.close();
});

const weather = {
  name: "get_weather",
  description: "Current weather of a city",
  input_schema: { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] },
};
const ask = (text: string, more: Partial<Anthropic.MessageCreateParamsStreaming> = {}) =>
  client.messages
    .stream({ model: "claude-haiku-4-5", max_tokens: 60, messages: [{ role: "user", content: text }], ...more })
    .finalMessage();

test("a real llama-server's chat is a message: streamed, counted, and cached as it says", async () => {
  const messages = [{ role: "user" as const, content: "Count from one to five." }];
  const { input_tokens: counted } = await client.messages.countTokens({ model: "claude-haiku-4-5", messages });
  const message = await ask("Count from one to five.");
  expect(message).toMatchObject({ type: "message", role: "assistant", content: [{ type: "text" }] });
  const { input_tokens: input, cache_read_input_tokens: read, output_tokens: output } = message.usage;
  expect(input + (read ?? 0)).toBe(counted);
  // The count has computed the prompt already, and the engine says so.
  expect(read).toBeGreaterThan(0);
  expect(output).toBeGreaterThan(1);
  expect((await ask("Tell me a long story.", { max_tokens: 5 })).stop_reason).toBe("max_tokens");
});

test("a call and its result go out, and the model reads them", async () => {
  // Whether so small a model then answers, or calls again in words, is not reliable; what it read is counted.
  const readTokens = async (result: string): Promise<number> => {
    const messages: Anthropic.MessageParam[] = [
      { role: "user", content: "What is the weather in Paris?" },
      { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "get_weather", input: { city: "Paris" } }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: result }] },
    ];
    const { usage } = await ask("", { messages, tools: [weather], tool_choice: { type: "none" }, max_tokens: 4 });
    return usage.input_tokens + (usage.cache_read_input_tokens ?? 0);
  };
  expect((await readTokens("sunny ".repeat(100))) - (await readTokens("sunny"))).toBeGreaterThan(90);
});

test("a schema binds the reply", async () => {
  const schema = {
    type: "object",
    properties: { city: { type: "string" }, people: { type: "integer" } },
    required: ["city", "people"],
    additionalProperties: false,
  };
  const message = await ask("Name a large city and how many people live there.", {
    output_config: { format: { type: "json_schema", schema } },
    max_tokens: 100,
  });
  expect(message.stop_reason).toBe("end_turn");
  const text = message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
  expect(JSON.parse(text)).toEqual({ city: expect.any(String), people: expect.any(Number) });
});

test("a prompt that is too long is told in the words that clients parse", async () => {
  await expect(ask("word ".repeat(3_000))).rejects.toMatchObject({
    status: 400,
    error: {
      error: {
        type: "invalid_request_error",
        message: expect.stringMatching(/^prompt is too long: \d{4} tokens > 2048 maximum$/),
      },
    },
  });
});
