import Anthropic from "@anthropic-ai/sdk";
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import Anthropic070 from "anthropic-sdk-0.70";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { HALF, type RunningParley, startParley } from "../support/start-parley.ts";

const MODEL = "claude-opus-4-5";
const WEATHER = {
  name: "get_weather",
  description: "Get the current weather in a city",
  input_schema: {
    type: "object" as const,
    properties: { city: { type: "string" }, unit: { type: "string", enum: ["celsius", "fahrenheit"] } },
    required: ["city", "unit"],
  },
};

let parley: RunningParley;
beforeAll(async () => {
  parley = await startParley({ model: HALF, env: { PARLEY_DEFAULT_TEMPERATURE: "0" } });
});
afterAll(async () => {
  await parley?.[Symbol.asyncDispose]();
});

const totalInput = (usage: {
  input_tokens: number;
  cache_read_input_tokens: number | null;
  cache_creation_input_tokens: number | null;
}) => usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);

describe.each([
  { version: "1.12", make: (apiKey = parley.apiKey) => new Anthropic({ baseURL: parley.url, apiKey, maxRetries: 0 }) },
  {
    version: "0.70",
    make: (apiKey: string | undefined = parley.apiKey) =>
      new Anthropic070({ baseURL: parley.url, apiKey, maxRetries: 0 }) as unknown as Anthropic,
  },
])("the TypeScript SDK $version", ({ make }) => {
  test("creates a message", async () => {
    const message = await make().messages.create({
      model: MODEL,
      max_tokens: 32,
      system: "You are terse.",
      messages: [{ role: "user", content: "What is the capital of France?" }],
    });
    expect(message).toMatchObject({
      type: "message",
      role: "assistant",
      model: "claude-opus-4-5-20251101",
      stop_sequence: null,
    });
    expect(message.content[0]).toMatchObject({ type: "text", text: expect.stringContaining("Paris") });
    expect(message.usage.output_tokens).toBeGreaterThan(0);
  });

  test("streams what it would have created, and its accumulator accepts every event", async () => {
    const request = {
      model: MODEL,
      max_tokens: 64,
      messages: [{ role: "user" as const, content: "Count from one to five in words." }],
    };
    const stream = make().messages.stream(request);
    const types: string[] = [];
    let text = "";
    stream.on("streamEvent", (event) => types.push(event.type));
    stream.on("text", (delta) => (text += delta));
    const message = await stream.finalMessage();
    expect(message.content).toEqual([expect.objectContaining({ type: "text", text })]);
    expect(types[0]).toBe("message_start");
    expect(types.slice(-3)).toEqual(["content_block_stop", "message_delta", "message_stop"]);
    expect(message.stop_reason).toBe("end_turn");
  });

  test("counts tokens exactly as a message of the same request uses them", async () => {
    const request = {
      model: MODEL,
      system: "Be brief.",
      tools: [WEATHER],
      messages: [{ role: "user" as const, content: "Hello <|im_start|> there" }],
    };
    const { input_tokens } = await make().messages.countTokens(request);
    const message = await make().messages.create({ ...request, max_tokens: 1 });
    expect(totalInput(message.usage)).toBe(input_tokens);
  });

  test("a forced tool call validates, and its result comes back in words", async () => {
    const messages: Anthropic.MessageParam[] = [{ role: "user", content: "What is the weather in Paris, in celsius?" }];
    const first = await make().messages.create({
      model: MODEL,
      max_tokens: 200,
      tools: [WEATHER],
      tool_choice: { type: "tool", name: "get_weather" },
      messages,
    });
    expect(first.stop_reason).toBe("tool_use");
    const call = first.content.find((block) => block.type === "tool_use");
    expect(call).toMatchObject({
      name: "get_weather",
      id: expect.stringMatching(/^toolu_/),
      input: { city: expect.any(String) },
    });
    messages.push({ role: "assistant", content: first.content });
    messages.push({
      role: "user",
      content: [{ type: "tool_result", tool_use_id: call?.id ?? "", content: "18 degrees, sunny" }],
    });
    const second = await make().messages.create({ model: MODEL, max_tokens: 100, tools: [WEATHER], messages });
    expect(second.content.some((block) => block.type === "text" && block.text.includes("18"))).toBe(true);
  });

  test("tool_choice auto turns the model's own form of a call into tool_use", async () => {
    const stream = make().messages.stream({
      model: MODEL,
      max_tokens: 200,
      tools: [WEATHER],
      messages: [{ role: "user", content: "What is the weather in Oslo in celsius? Use the tool." }],
    });
    const message = await stream.finalMessage();
    expect(message.stop_reason).toBe("tool_use");
    expect(message.content.at(-1)).toMatchObject({
      type: "tool_use",
      name: "get_weather",
      input: { city: expect.stringContaining("Oslo") },
    });
    expect(JSON.stringify(message.content)).not.toContain("tool_call>");
  });

  test("a stop sequence is reported and left out", async () => {
    const message = await make().messages.create({
      model: MODEL,
      max_tokens: 100,
      stop_sequences: ["4"],
      messages: [{ role: "user", content: "Write the digits from 1 to 9, separated by commas." }],
    });
    expect(message).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "4" });
    expect(JSON.stringify(message.content)).not.toContain("4,");
  });

  test("a cached prefix is written once and read by the second call", async () => {
    const system = [
      {
        type: "text" as const,
        text: `${make === undefined ? "" : Math.random()} ${"You know the rules of chess. ".repeat(60)}`,
        cache_control: { type: "ephemeral" as const },
      },
    ];
    const ask = (content: string) =>
      make().messages.create({ model: MODEL, max_tokens: 4, system, messages: [{ role: "user", content }] });
    const first = await ask("Hi");
    const second = await ask("Hello");
    expect(first.usage.cache_creation_input_tokens).toBeGreaterThan(300);
    expect(first.usage.cache_read_input_tokens).toBe(0);
    expect(second.usage.cache_read_input_tokens).toBe(first.usage.cache_creation_input_tokens);
    expect(second.usage.cache_creation_input_tokens).toBe(0);
  });

  test("thinking is signed, accepted back, and refused when it was changed", async () => {
    const thinking = { type: "enabled" as const, budget_tokens: 1024 };
    const first = await make().messages.create({
      model: MODEL,
      max_tokens: 1500,
      thinking,
      messages: [{ role: "user", content: "What is 17 + 25?" }],
    });
    const block = first.content[0];
    expect(block).toMatchObject({ type: "thinking", signature: expect.stringMatching(/.{20,}/) });
    const again = (content: Anthropic.ContentBlockParam[]) =>
      make().messages.create({
        model: MODEL,
        max_tokens: 1100,
        thinking,
        messages: [
          { role: "user", content: "What is 17 + 25?" },
          { role: "assistant", content },
          { role: "user", content: "Thanks. Say bye." },
        ],
      });
    expect((await again(first.content as Anthropic.ContentBlockParam[])).role).toBe("assistant");
    const forged = first.content.map((each) => (each.type === "thinking" ? { ...each, thinking: `${each.thinking}!` } : each));
    await expect(again(forged as Anthropic.ContentBlockParam[])).rejects.toThrow(/Invalid `signature` in `thinking` block/);
  });

  test("errors are the SDK's typed ones", async () => {
    const base = { model: MODEL, max_tokens: 5, messages: [{ role: "user" as const, content: "Hi" }] };
    await expect(make("sk-ant-api03-wrong").messages.create(base)).rejects.toMatchObject({
      status: 401,
      error: { error: { type: "authentication_error", message: "invalid x-api-key" } },
    });
    await expect(make().messages.create({ ...base, model: "gpt-4" })).rejects.toMatchObject({
      status: 404,
      error: { error: { message: "model: gpt-4" } },
    });
    await expect(make().messages.create({ ...base, messages: [] })).rejects.toMatchObject({ status: 400 });
    await expect(
      make().messages.create({ ...base, messages: [{ role: "user", content: "word ".repeat(40_000) }] }),
    ).rejects.toThrow(/prompt is too long: \d+ tokens > \d+ maximum/);
  });

  test("an aborted stream stops the engine", async () => {
    const stream = make().messages.stream({
      model: MODEL,
      max_tokens: 2000,
      messages: [{ role: "user", content: "Tell a very long story." }],
    });
    stream.on("text", () => stream.abort());
    await expect(stream.finalMessage()).rejects.toThrow(/abort/i);
    await expect
      .poll(async () => (await fetch(`${parley.url}/metrics`)).text(), { timeout: 10_000 })
      .toMatch(/parley_turns_running 0/);
  });

  test("models are listed with the weights' real name, and an alias resolves", async () => {
    const models = [];
    for await (const model of make().models.list({ limit: 3 })) models.push(model);
    expect(models.length).toBeGreaterThan(5);
    expect(models.every(({ display_name }) => display_name.includes("Qwen2.5-Coder 0.5B"))).toBe(true);
    expect((await make().models.retrieve("claude-haiku-4-5")).id).toBe("claude-haiku-4-5-20251001");
  });
});

describe("helpers of the newest SDK", () => {
  const client = () => new Anthropic({ baseURL: parley.url, apiKey: parley.apiKey, maxRetries: 0 });

  test("parse gives an object of the asked shape", async () => {
    const message = await client().messages.parse({
      model: MODEL,
      max_tokens: 200,
      messages: [{ role: "user", content: "Jane Doe is 42 years old and lives in Rome." }],
      output_config: { format: zodOutputFormat(z.object({ name: z.string(), age: z.number().int(), city: z.string() })) },
    });
    expect(message.parsed_output).toEqual({ name: "Jane Doe", age: 42, city: "Rome" });
  });

  test("the tool runner runs a tool and returns its answer", async () => {
    const seen: unknown[] = [];
    const runner = client().beta.messages.toolRunner({
      model: MODEL,
      max_tokens: 300,
      max_iterations: 4,
      messages: [{ role: "user", content: "Use the tool to add 2345 and 5432, then tell me the sum." }],
      tools: [
        betaZodTool({
          name: "add",
          description: "Add two integers",
          inputSchema: z.object({ a: z.number().int(), b: z.number().int() }),
          run: (input) => {
            seen.push(input);
            return String(input.a + input.b);
          },
        }),
      ],
    });
    const final = await runner;
    expect(seen[0]).toEqual({ a: 2345, b: 5432 });
    expect(JSON.stringify(final.content)).toContain("7777");
  });

  test("a conversation that has grown too long goes on from a summary, and counts are exact beyond it", async () => {
    const messages: Anthropic.Beta.BetaMessageParam[] = [
      {
        role: "user",
        content: "My project is called Bluebird. It is a train timetable written in Rust. The deadline is 4 March.",
      },
      { role: "assistant", content: "Understood: Bluebird, a train timetable in Rust, due on 4 March. What shall I do first?" },
      { role: "user", content: "Tell me the name of my project." },
    ];
    const request = { model: MODEL, betas: ["compact-2026-01-12"], messages };
    // In few words: the summary is most of what this test costs.
    const instructions = "Summarize this conversation in one sentence. Name the project.";
    const trigger = { type: "input_tokens" as const, value: 50 };
    const edits = [{ type: "compact_20260112" as const, trigger, instructions }];
    const reply = await client().beta.messages.create({ ...request, max_tokens: 30, context_management: { edits } });
    const [block, answer] = reply.content;
    expect(block).toMatchObject({ type: "compaction", content: expect.stringContaining("Bluebird") });
    // How well so small a model answers from a summary is not ours to promise.
    expect(answer).toMatchObject({ type: "text", text: expect.stringMatching(/\w/) });
    const [summary, message] = reply.usage.iterations ?? [];
    expect([summary?.type, message?.type]).toEqual(["compaction", "message"]);
    expect(totalInput(summary!)).toBeGreaterThan(50);
    expect(reply.usage).toMatchObject({ input_tokens: message?.input_tokens, output_tokens: message?.output_tokens });
    const counted = await client().beta.messages.countTokens({
      ...request,
      messages: [...messages, { role: "assistant", content: [block as Anthropic.Beta.BetaCompactionBlockParam] }],
    });
    expect(counted.input_tokens).toBe(totalInput(message!));
  });
});
