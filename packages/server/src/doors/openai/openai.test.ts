import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { end, HELLO, scripted, start, textBlock, thinkingBlock, toolBlock } from "../testing/scripted-engine.ts";
import { get, KEY, post, startTestServer, type TestServer } from "../testing/start-test-server.ts";

let server: TestServer;
let client: OpenAI;
beforeAll(async () => {
  server = await startTestServer();
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: KEY, maxRetries: 0 });
});
afterAll(() => server.close());

const MODEL = "claude-haiku-4-5";
const ASK = { model: MODEL, messages: [{ role: "user" as const, content: "Hi" }] };
const TOOLS = [
  {
    type: "function" as const,
    function: {
      name: "get_weather",
      description: "Weather",
      parameters: { type: "object", properties: { city: { type: "string" } } },
    },
  },
];
const CALLS = [
  start,
  ...thinkingBlock(0, "sig", "Hm"),
  ...textBlock(1, "I will ", "look."),
  ...toolBlock(2, "get_weather", '{"ci', 'ty":"Paris"}'),
  ...toolBlock(3, "get_weather", '{"city":"Rome"}'),
  end({ stopReason: "tool_use" }),
];
const turn = () => server.engine.turns.at(-1);

describe("the official OpenAI client", () => {
  test("gets a whole completion, with the counts of the whole prompt", async () => {
    server.engine.play(scripted(HELLO));
    const completion = await client.chat.completions.create(ASK);
    expect(completion).toMatchObject({
      id: expect.stringMatching(/^msg_/),
      object: "chat.completion",
      created: expect.any(Number),
      model: "claude-haiku-4-5-20251001",
      choices: [
        { index: 0, message: { role: "assistant", content: "Hello", refusal: null }, finish_reason: "stop", logprobs: null },
      ],
      usage: { prompt_tokens: 23, completion_tokens: 5, total_tokens: 28, prompt_tokens_details: { cached_tokens: 7 } },
    });
    expect(completion._request_id).toMatch(/^req_/);
    expect(server.rows.at(-1)).toMatchObject({ model: "claude-haiku-4-5-20251001", usage: { outputTokens: 5 } });
  });

  test("accumulates a stream of text and parallel calls, without the thinking", async () => {
    server.engine.play(scripted(CALLS));
    const stream = client.chat.completions.stream({ ...ASK, tools: TOOLS, stream_options: { include_usage: true } });
    const completion = await stream.finalChatCompletion();
    expect(completion.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: {
        content: "I will look.",
        tool_calls: [
          { id: "toolu_2", type: "function", function: { name: "get_weather", arguments: '{"city":"Paris"}' } },
          { id: "toolu_3", function: { arguments: '{"city":"Rome"}' } },
        ],
      },
    });
    expect(completion.usage).toMatchObject({ prompt_tokens: 23, completion_tokens: 5 });
    expect(JSON.stringify(completion)).not.toContain("Hm");
  });

  test.each([[[]], [[""]]])("gets JSON as the arguments of a call that has none, whole and streamed (%j)", async (pieces) => {
    server.engine.play(scripted([start, ...toolBlock(0, "get_weather", ...pieces), end({ stopReason: "tool_use" })]));
    const streamed = await client.chat.completions.stream({ ...ASK, tools: TOOLS }).finalChatCompletion();
    const whole = await client.chat.completions.create({ ...ASK, tools: TOOLS });
    for (const { choices } of [streamed, whole])
      expect(choices[0]?.message.tool_calls).toMatchObject([{ function: { name: "get_weather", arguments: "{}" } }]);
  });

  test("sends back a call before which it wrote only line breaks, and a result without output", async () => {
    server.engine.play(scripted(HELLO));
    const call = { id: "c1", type: "function" as const, function: { name: "get_weather", arguments: "{}" } };
    await client.chat.completions.create({
      ...ASK,
      tools: TOOLS,
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Weather?" },
            { type: "text", text: "" },
          ],
        },
        { role: "assistant", content: "\n\n", tool_calls: [call] },
        { role: "tool", tool_call_id: "c1", content: "" },
      ],
    });
    expect(turn()?.messages).toMatchObject([
      { role: "user", content: [{ text: "Weather?" }] },
      { role: "assistant", content: [{ type: "tool_use", id: "c1", input: {} }] },
      { role: "user", content: [{ type: "tool_result", toolUseId: "c1", content: [] }] },
    ]);
  });

  test("gets no counts in a stream that did not ask for them, and the protocol's end", async () => {
    server.engine.play(scripted(HELLO));
    const text = await (await post(server, "/v1/chat/completions", { ...ASK, stream: true })).text();
    expect(text).not.toContain("usage");
    expect(text).not.toContain("event:");
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  test("sends a conversation that arrives as the same turn", async () => {
    server.engine.play(scripted(HELLO));
    await client.chat.completions.create({
      model: MODEL,
      max_completion_tokens: 77,
      temperature: 1.7,
      stop: ["END", " "],
      parallel_tool_calls: false,
      tool_choice: "required",
      tools: TOOLS,
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: [{ type: "text", text: "Weather?" }] },
        {
          role: "assistant",
          content: "Let me see.",
          tool_calls: [{ id: "c1", type: "function", function: { name: "get_weather", arguments: '{"city":"Paris"}' } }],
        },
        { role: "tool", tool_call_id: "c1", content: "sunny" },
        { role: "developer", content: "In French." },
        { role: "user", content: "Thanks" },
      ],
    });
    expect(turn()).toMatchObject({
      system: [{ text: "Be brief.\nIn French." }],
      maxTokens: 77,
      sampling: { temperature: 1 },
      stopSequences: ["END"],
      toolChoice: { type: "any", parallel: false },
      tools: [{ name: "get_weather", description: "Weather", inputSchema: TOOLS[0]?.function.parameters }],
      messages: [
        { role: "user", content: [{ text: "Weather?" }] },
        { role: "assistant", content: [{ text: "Let me see." }, { type: "tool_use", id: "c1", input: { city: "Paris" } }] },
        { role: "user", content: [{ type: "tool_result", toolUseId: "c1", content: [{ text: "sunny" }] }, { text: "Thanks" }] },
      ],
    });
  });

  test("gets structured output by its schema", async () => {
    const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"], additionalProperties: false };
    server.engine.play(scripted([start, ...textBlock(0, '{"n":1}'), end()]));
    const reply = await client.chat.completions.parse({
      ...ASK,
      response_format: { type: "json_schema", json_schema: { name: "number", strict: true, schema } },
    });
    expect(JSON.parse(reply.choices[0]?.message.content ?? "")).toEqual({ n: 1 });
    expect(turn()?.outputSchema).toEqual(schema);
  });

  test.each([
    ["max_tokens", "length"],
    ["stop_sequence", "stop"],
    ["refusal", "content_filter"],
  ] as const)("reads %s as %s", async (stopReason, finish) => {
    server.engine.play(scripted([start, ...textBlock(0, "x"), end({ stopReason })]));
    expect((await client.chat.completions.create(ASK)).choices[0]?.finish_reason).toBe(finish);
  });

  test("gets typed errors, also in mid-stream", async () => {
    const wrongKey = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "sk-ant-nobody", maxRetries: 0 });
    await expect(wrongKey.chat.completions.create(ASK)).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    await expect(client.chat.completions.create({ ...ASK, model: "gpt-4" })).rejects.toMatchObject({
      status: 404,
      error: { message: "model: gpt-4", type: "not_found_error", param: null, code: null },
    });
    await expect(client.chat.completions.create({ ...ASK, n: 2 })).rejects.toMatchObject({
      status: 400,
      error: { message: "n: Input should be 1" },
    });
    await expect(client.chat.completions.create({ ...ASK, messages: "x" as never })).rejects.toBeInstanceOf(
      OpenAI.BadRequestError,
    );
    server.engine.play(async function* () {
      yield start;
      throw new Error("secret");
    });
    const broken = client.chat.completions.stream(ASK).finalChatCompletion();
    await expect(broken).rejects.toMatchObject({ error: { type: "api_error", message: "Internal server error" } });
  });

  test("lists and gets models in its own shape, while Messages clients get theirs", async () => {
    const ids: string[] = [];
    for await (const { id, object } of client.models.list()) ids.push(`${object} ${id}`);
    expect(ids).toContain("model claude-haiku-4-5-20251001");
    expect(await client.models.retrieve(MODEL)).toMatchObject({
      id: "claude-haiku-4-5-20251001",
      object: "model",
      owned_by: "parley",
    });
    await expect(client.models.retrieve("nobody")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    const native = (await (await get(server, "/v1/models")).json()) as { data: unknown[] };
    expect(native.data[0]).toMatchObject({ type: "model" });
  });
});
