import Anthropic from "@anthropic-ai/sdk";
import { Message, StreamEvent } from "@parley/wire";
import { Anthropic as OldAnthropic } from "anthropic-sdk-0.70";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { end, scripted, start, textBlock, thinkingBlock, toolBlock, USAGE } from "../../doors/testing/scripted-engine.ts";
import { BODY, KEY, parseEvents, post, startTestServer, type TestServer } from "../../doors/testing/start-test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const THINK_AND_CALL = [
  start,
  { type: "progress", phase: "prefill", done: 1, total: 2 } as const,
  ...thinkingBlock(0, "sig", "Let me ", "see."),
  ...textBlock(1, "I will ", "look."),
  ...toolBlock(2, "get_weather", '{"city":', '"Paris"}'),
  ...toolBlock(3, "get_time", "{}"),
  end({ stopReason: "tool_use", usage: { ...USAGE, outputTokens: 30, thinkingTokens: 9 } }),
];
const TOOLS = [
  { name: "get_weather", input_schema: { type: "object" as const, properties: { city: { type: "string" } } } },
  { name: "get_time", input_schema: { type: "object" as const } },
];
const PARAMS = {
  model: "claude-haiku-4-5",
  max_tokens: 2000,
  tools: TOOLS,
  messages: [{ role: "user" as const, content: "Weather?" }],
  thinking: { type: "enabled" as const, budget_tokens: 1024 },
};
const EXPECTED = {
  model: "claude-haiku-4-5-20251001",
  stop_reason: "tool_use",
  content: [
    { type: "thinking", thinking: "Let me see.", signature: "sig" },
    { type: "text", text: "I will look." },
    { type: "tool_use", id: "toolu_2", name: "get_weather", input: { city: "Paris" } },
    { type: "tool_use", id: "toolu_3", name: "get_time", input: {} },
  ],
  usage: { input_tokens: 11, output_tokens: 30, cache_read_input_tokens: 7, cache_creation_input_tokens: 5 },
};

describe.each([
  ["1.12", () => new Anthropic({ baseURL: server.url, apiKey: KEY, maxRetries: 0 })],
  ["0.70", () => new OldAnthropic({ baseURL: server.url, apiKey: KEY, maxRetries: 0 }) as unknown as Anthropic],
])("SDK %s", (_version, client) => {
  test("accumulates a stream of thinking, text and parallel calls", async () => {
    server.engine.play(scripted(THINK_AND_CALL));
    const message = await client().messages.stream(PARAMS).finalMessage();
    expect(message).toMatchObject(EXPECTED);
  });

  test("is refused a user profile, however it is sent", async () => {
    await expect(client().messages.create({ ...PARAMS, user_profile_id: "up_1" } as typeof PARAMS)).rejects.toMatchObject({
      status: 400,
      message: expect.stringMatching(/user_profile_id|anthropic-user-profile-id: user profiles are not supported/),
    });
  });

  test("gets the same message whole", async () => {
    server.engine.play(scripted(THINK_AND_CALL));
    expect(await client().messages.create(PARAMS)).toMatchObject(EXPECTED);
  });

  test("counts tokens, lists and gets models", async () => {
    expect(await client().messages.countTokens({ model: PARAMS.model, messages: PARAMS.messages })).toMatchObject({
      input_tokens: 23,
    });
    const ids: string[] = [];
    for await (const model of client().models.list({ limit: 5 })) ids.push(model.id);
    expect(ids).toContain("claude-haiku-4-5-20251001");
    expect((await client().models.retrieve("claude-haiku-4-5")).id).toBe("claude-haiku-4-5-20251001");
  });

  test("gets typed errors", async () => {
    await expect(client().models.retrieve("nobody")).rejects.toMatchObject({
      status: 404,
      error: { error: { type: "not_found_error", message: "model: nobody" } },
    });
  });
});

test("a stream has exactly the platform's events in the platform's order, and each fits its schema", async () => {
  server.engine.play(scripted(THINK_AND_CALL));
  const reply = await post(server, "/v1/messages", { ...PARAMS, stream: true });
  const events = parseEvents(await reply.text());
  expect(events.map(({ event }) => event)).toEqual([
    "message_start",
    "content_block_start",
    "ping",
    "content_block_delta",
    "content_block_delta",
    "content_block_delta",
    "content_block_stop",
    "content_block_start",
    "content_block_delta",
    "content_block_delta",
    "content_block_stop",
    "content_block_start",
    "content_block_delta",
    "content_block_delta",
    "content_block_delta",
    "content_block_stop",
    "content_block_start",
    "content_block_delta",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
  ]);
  for (const { event, data } of events) {
    expect(data["type"]).toBe(event);
    expect(StreamEvent.safeParse(data).error).toBeUndefined();
  }
  expect(
    events.find(({ data }) => (data["delta"] as { type?: string } | undefined)?.type === "input_json_delta")?.data["delta"],
  ).toEqual({ type: "input_json_delta", partial_json: "" });
});

test("a whole reply has every field of its schema, nullable ones included", async () => {
  server.engine.play(scripted(THINK_AND_CALL));
  const reply = (await (await post(server, "/v1/messages", PARAMS)).json()) as Record<string, unknown>;
  expect(Message.safeParse(reply).error).toBeUndefined();
  expect(reply["usage"]).toEqual({
    input_tokens: 11,
    output_tokens: 30,
    cache_read_input_tokens: 7,
    cache_creation_input_tokens: 5,
    cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 2 },
    output_tokens_details: { thinking_tokens: 9 },
    server_tool_use: null,
    service_tier: "standard",
    inference_geo: "not_available",
    speed: "standard",
  });
  expect(reply).toMatchObject({ stop_sequence: null, stop_details: null, container: null, diagnostics: null });
});

test("thinking with display omitted is a block without text that still has its signature", async () => {
  server.engine.play(scripted(THINK_AND_CALL));
  const params = { ...PARAMS, thinking: { type: "enabled", budget_tokens: 1024, display: "omitted" } };
  const whole = (await (await post(server, "/v1/messages", params)).json()) as { content: unknown[] };
  expect(whole.content[0]).toEqual({ type: "thinking", thinking: "", signature: "sig" });
  const text = await (await post(server, "/v1/messages", { ...params, stream: true })).text();
  expect(text).not.toContain("thinking_delta");
  expect(text).toContain("signature_delta");
});

test("a call cut by max_tokens keeps its completed members; its streamed block has no stop", async () => {
  const cut = [
    start,
    { type: "block-start", index: 0, block: { type: "tool_use", id: "toolu_0", name: "get_weather" } } as const,
    { type: "input-json-delta", index: 0, partialJson: '{"city":"Paris","days":[1,2],"note":"unfin' } as const,
    end({ stopReason: "max_tokens" }),
  ];
  server.engine.play(scripted(cut));
  const whole = (await (await post(server, "/v1/messages", { ...BODY, tools: TOOLS })).json()) as {
    content: { input: unknown }[];
  };
  expect(whole.content[0]?.input).toEqual({ city: "Paris", days: [1, 2] });
  const text = await (await post(server, "/v1/messages", { ...BODY, tools: TOOLS, stream: true })).text();
  expect(text).not.toContain("content_block_stop");
  expect(text).toContain('"stop_reason":"max_tokens"');
});
