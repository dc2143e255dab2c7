import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BODY, KEY, parseEvents, post, until } from "../../doors/testing/start-test-server.ts";
import { type PooledServer, startWithPools } from "../../../test/support/start-with-pools.ts";
import { type FakeUpstream, sendJson, sendSse, sse, startFakeUpstream } from "../upstream/testing/fake-upstream.ts";

/** Chunks of one reply: each a delta, then why it ended, then the counts. */
function chunks(
  deltas: readonly object[],
  finish: string | null = "stop",
  usage: object | null = USAGE,
  more: object = {},
): string {
  return sse([
    ...deltas.map((delta) => ["", { choices: [{ index: 0, delta, finish_reason: null }] }] as const),
    ...(finish === null ? [] : [["", { choices: [{ index: 0, delta: {}, finish_reason: finish, ...more }] }] as const]),
    ...(usage === null ? [] : [["", { choices: [], usage }] as const]),
    ["", "[DONE]"],
  ]);
}
const USAGE = {
  prompt_tokens: 40,
  completion_tokens: 7,
  prompt_tokens_details: { cached_tokens: 30 },
  completion_tokens_details: { reasoning_tokens: 2 },
};
const TOOLS = [
  { name: "get_weather", description: "Weather", input_schema: { type: "object", properties: { city: { type: "string" } } } },
];
const WEATHER = [
  { tool_calls: [{ index: 0, id: "call_1", function: { name: "get_weather", arguments: '{"ci' } }] },
  { tool_calls: [{ index: 0, function: { arguments: 'ty":"Paris"}' } }] },
];

interface Reply extends Record<string, unknown> {
  readonly content: readonly { readonly input: unknown }[];
  readonly error: { readonly type: string; readonly message: string };
}

let fake: FakeUpstream;
let server: PooledServer;
beforeAll(async () => {
  fake = await startFakeUpstream((outgoing) => sendSse(outgoing, chunks([{ content: "Hi" }])));
  server = await startWithPools({
    models: { haiku: "plain", sonnet: "able" },
    upstreams: {
      plain: { kind: "chat-completions", url: fake.url, api_key: "k", silence_seconds: 1 },
      able: { kind: "chat-completions", url: fake.url, thinking: "template", structured_outputs: true, images: true },
    },
    pools: {
      plain: { targets: [{ upstream: "plain", model: "tiny:1b" }], context_tokens: 4096 },
      able: { title: "Able 7B", targets: [{ upstream: "able" }] },
    },
  });
});
afterAll(async () => {
  await server.close();
  await fake.close();
});
beforeEach(() => {
  fake.requests.length = 0;
});

const play = (text: string) => fake.answer((outgoing) => sendSse(outgoing, text));
const sent = () => JSON.parse(fake.requests.at(-1)?.body ?? "null") as Record<string, unknown>;
const client = () => new Anthropic({ baseURL: server.url, apiKey: KEY, maxRetries: 0 });
const able = (more: object = {}) => ({ ...BODY, model: "claude-sonnet-4-5", ...more });
const ask = async (body: object) => {
  const reply = await post(server, "/v1/messages", body);
  return { status: reply.status, body: (await reply.json()) as Reply };
};

test("a conversation goes out as a chat, everything in its place", async () => {
  play(chunks([{ content: "Fine." }]));
  const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const { status } = await ask(
    able({
      system: [
        { type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } },
        { type: "text", text: "And kind." },
      ],
      tools: [{ ...TOOLS[0], strict: true }],
      tool_choice: { type: "auto", disable_parallel_tool_use: true },
      stop_sequences: ["END"],
      temperature: 0.5,
      top_k: 7,
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Look" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: png } },
          ],
        },
        {
          role: "assistant",
          content: [
            { type: "text", text: "Let me ask." },
            { type: "tool_use", id: "t1", name: "get_weather", input: { city: "Paris" } },
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "t1", is_error: true, content: "no such city" },
            { type: "text", text: "And now?" },
          ],
        },
      ],
    }),
  );
  expect(status).toBe(200);
  expect(sent()).toEqual({
    model: "able",
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: 100,
    temperature: 0.5,
    top_k: 7,
    stop: ["END"],
    chat_template_kwargs: { enable_thinking: false },
    tool_choice: "auto",
    parallel_tool_calls: false,
    tools: [
      {
        type: "function",
        function: { name: "get_weather", description: "Weather", parameters: TOOLS[0]?.input_schema, strict: true },
      },
    ],
    messages: [
      { role: "system", content: "Be brief.\n\nAnd kind." },
      {
        role: "user",
        content: [
          { type: "text", text: "Look" },
          { type: "image_url", image_url: { url: `data:image/png;base64,${png}` } },
        ],
      },
      {
        role: "assistant",
        content: "Let me ask.",
        tool_calls: [{ id: "t1", type: "function", function: { name: "get_weather", arguments: '{"city":"Paris"}' } }],
      },
      { role: "tool", tool_call_id: "t1", content: "Error: no such city" },
      { role: "user", content: "And now?" },
    ],
  });
  expect(fake.requests.at(-1)?.path).toBe("/v1/chat/completions");
});

describe("a reply comes back", () => {
  test("as thinking, text and calls that the official SDK accumulates, with the server's own counts", async () => {
    play(
      chunks(
        [{ role: "assistant" }, { reasoning_content: "Hm" }, { content: "I will " }, { content: "look." }, ...WEATHER],
        "tool_calls",
      ),
    );
    const message = await client()
      .messages.stream({
        model: "claude-sonnet-4-5",
        max_tokens: 2000,
        thinking: { type: "enabled", budget_tokens: 1024 },
        tools: TOOLS as never,
        messages: [{ role: "user", content: "Weather?" }],
      })
      .finalMessage();
    expect(message).toMatchObject({
      model: "claude-sonnet-4-5-20250929",
      stop_reason: "tool_use",
      content: [
        { type: "thinking", thinking: "Hm", signature: "signed" },
        { type: "text", text: "I will look." },
        { type: "tool_use", id: expect.stringMatching(/^toolu_/), name: "get_weather", input: { city: "Paris" } },
      ],
      usage: { input_tokens: 10, cache_read_input_tokens: 30, output_tokens: 7, output_tokens_details: { thinking_tokens: 2 } },
    });
    expect(sent()["chat_template_kwargs"]).toEqual({ enable_thinking: true });
    expect(server.rows.at(-1)).toMatchObject({
      weights: "able",
      usage: { inputTokens: 10, cacheReadTokens: 30, outputTokens: 7 },
    });
  });

  test("without the thinking that nobody asked for", async () => {
    play(chunks([{ reasoning: "Hm" }, { content: "Hi" }]));
    expect((await ask(BODY)).body["content"]).toEqual([{ type: "text", text: "Hi", citations: null }]);
  });

  test.each([
    ["length", { ...USAGE, completion_tokens: 100 }, {}, "max_tokens", null],
    ["length", USAGE, {}, "model_context_window_exceeded", null],
    ["stop", USAGE, { stop_reason: "END" }, "stop_sequence", "END"],
    ["stop", USAGE, { matched_stop: "END" }, "stop_sequence", "END"],
    ["stop", USAGE, { matched_stop: 2 }, "end_turn", null],
    ["content_filter", USAGE, {}, "refusal", null],
  ])("that ended by %s (%j %j) as %s", async (finish, usage, more, reason, sequence) => {
    play(chunks([{ content: "Hi" }], finish, usage, more));
    const { body } = await ask({ ...BODY, stop_sequences: ["END"] });
    expect([body["stop_reason"], body["stop_sequence"]]).toEqual([reason, sequence]);
  });

  test("with calls that are objects, come at once, or are no JSON", async () => {
    const call = (index: number | undefined, args: unknown) => ({ index, function: { name: "get_weather", arguments: args } });
    play(
      chunks(
        [
          { tool_calls: [call(undefined, { city: "Oslo" }), call(undefined, "")] },
          { tool_calls: [call(5, '{"city":"Rome","x":oops')] },
        ],
        "stop",
      ),
    );
    const { body } = await ask({ ...BODY, tools: TOOLS });
    expect(body.content.map(({ input }) => input)).toEqual([{ city: "Oslo" }, {}, { city: "Rome" }]);
    expect(body["stop_reason"]).toBe("tool_use");
    play(chunks([{ tool_calls: [call(0, "{}"), call(1, "{}")] }], "tool_calls"));
    const one = await ask({ ...BODY, tools: TOOLS, tool_choice: { type: "auto", disable_parallel_tool_use: true } });
    expect(one.body.content).toHaveLength(1);
  });

  test("with an estimate where the server does not count", async () => {
    play(chunks([{ content: "Hi there, hello" }], "stop", null));
    expect((await ask(BODY)).body["usage"]).toMatchObject({ input_tokens: expect.any(Number), output_tokens: 4 });
    expect(server.rows.at(-1)?.usage.inputTokens).toBeGreaterThan(10);
  });
});

describe("a promise that the server does not keep is a refusal, not a wrong reply", () => {
  test("a call that was asked for and not made", async () => {
    play(chunks([{ content: "No." }]));
    const { body } = await ask({ ...BODY, tools: TOOLS, tool_choice: { type: "any" } });
    expect(body).toMatchObject({ stop_reason: "refusal", stop_details: { explanation: expect.stringContaining("tool") } });
    expect(sent()["tool_choice"]).toBe("required");
  });

  test("JSON that does not fit its schema", async () => {
    const format = {
      type: "json_schema",
      schema: { type: "object", properties: { n: { type: "integer" } }, required: ["n"], additionalProperties: false },
    };
    play(chunks([{ content: '{"n":1}' }]));
    expect((await ask(able({ output_config: { format } }))).body["stop_reason"]).toBe("end_turn");
    expect(sent()["response_format"]).toMatchObject({
      type: "json_schema",
      json_schema: { strict: true, schema: format.schema },
    });
    for (const bad of ['{"n":"x"}', "nothing"]) {
      play(chunks([{ content: bad }]));
      expect((await ask(able({ output_config: { format } }))).body["stop_reason"]).toBe("refusal");
    }
  });
});

describe("what the server cannot do", () => {
  test.each([
    [
      "prefill",
      { messages: [...BODY.messages, { role: "assistant", content: "So" }] },
      "does not support assistant message prefill",
    ],
    ["thinking", { max_tokens: 2000, thinking: { type: "enabled", budget_tokens: 1024 } }, "thinking"],
    [
      "structured outputs",
      { output_config: { format: { type: "json_schema", schema: { type: "object" } } } },
      "output_config.format",
    ],
    ["cache warming", { max_tokens: 0 }, "max_tokens"],
    [
      "pictures",
      {
        messages: [
          { role: "user", content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "aaaa" } }] },
        ],
      },
      "image",
    ],
    [
      "citations",
      {
        messages: [
          {
            role: "user",
            content: [
              { type: "document", source: { type: "text", media_type: "text/plain", data: "a" }, citations: { enabled: true } },
            ],
          },
        ],
      },
      "citations",
    ],
  ])("%s is refused by name before anything is sent", async (_name, more, text) => {
    const { status, body } = await ask({ ...BODY, ...more });
    expect([status, body.error.type]).toEqual([400, "invalid_request_error"]);
    expect(body.error.message).toContain(text);
    expect(fake.requests).toEqual([]);
  });

  test("stands in the model's capabilities", async () => {
    const model = async (id: string) => client().models.retrieve(id);
    expect(await model("claude-haiku-4-5")).toMatchObject({
      display_name: "plain (as Claude Haiku 4.5)",
      max_input_tokens: 4096,
      capabilities: {
        citations: { supported: false },
        structured_outputs: { supported: false },
        thinking: { supported: false },
        image_input: { supported: false },
      },
    });
    expect(await model("able")).toMatchObject({
      display_name: "Able 7B",
      capabilities: { structured_outputs: { supported: true }, thinking: { supported: true }, image_input: { supported: true } },
    });
  });
});

test("a count is what the server counts for the same prompt", async () => {
  fake.answer((outgoing) => sendJson(outgoing, 200, { choices: [], usage: { prompt_tokens: 40 } }));
  const { max_tokens: _, ...body } = BODY;
  expect(await client().messages.countTokens(body as never)).toMatchObject({ input_tokens: 40 });
  expect(sent()).toMatchObject({ max_tokens: 1 });
  expect(sent()).not.toHaveProperty("stream");
});

describe("an error of the server", () => {
  test.each([
    [
      400,
      {
        error: {
          message:
            "This model's maximum context length is 8192 tokens. However, you requested 9100 tokens (9000 in the messages, 100 in the completion).",
        },
      },
      400,
      "prompt is too long: 9000 tokens > 8192 maximum",
    ],
    [
      400,
      { error: { type: "exceed_context_size_error", message: "too long", n_prompt_tokens: 600, n_ctx: 512 } },
      400,
      "prompt is too long: 600 tokens > 512 maximum",
    ],
    [
      400,
      { error: { message: "Input length (700 tokens) exceeds the maximum allowed length (512 tokens)." } },
      400,
      "prompt is too long: 700 tokens > 512 maximum",
    ],
    [422, { detail: "unknown role" }, 400, "unknown role"],
    // A proxy's page tells of machines.
    [400, "<html>gpu-7.internal</html>", 400, 'refused the request."'],
    [401, { error: { message: "bad key" } }, 500, "refuses this server"],
    [404, { error: 'model "x" not found' }, 500, "refuses this server"],
    [429, { error: { message: "slow down" } }, 429, "rate limit"],
    [500, { error: { message: "CUDA /home/x" } }, 500, "cannot be used"],
    [200, { error: { message: "surprise" } }, 500, "cannot be used"],
  ])("%s %j", async (status, told, ours, text) => {
    const alone = await startWithPools({
      models: { haiku: "p" },
      upstreams: { u: { kind: "chat-completions", url: fake.url } },
      pools: { p: { targets: [{ upstream: "u" }] } },
    });
    fake.answer((outgoing) => sendJson(outgoing, status, told));
    const reply = await post(alone, "/v1/messages", { ...BODY, stream: true });
    expect(reply.status).toBe(ours);
    expect(await reply.text()).toContain(text);
    await alone.close();
  });

  test.each([
    ["hangs", "", true, "timeout_error"],
    ["hangs in mid-stream", chunks([{ content: "Hi" }], null, null).replace("data: [DONE]\n\n", ""), true, "timeout_error"],
    ["ends in mid-stream", chunks([{ content: "Hi" }], null, null), false, "overloaded_error"],
    [
      "sends wrong JSON",
      sse([
        ["", { choices: [] }],
        ["", "{oops"],
      ]),
      false,
      "api_error",
    ],
    [
      "says an error in its stream",
      sse([
        ["", { choices: [{ delta: { content: "Hi" } }] }],
        ["", { error: { message: "secret" } }],
      ]),
      false,
      "api_error",
    ],
  ])("that %s ends the client's stream with an error", async (_name, text, open, type) => {
    fake.answer((outgoing) => sendSse(outgoing, text, { open }));
    const reply = await post(server, "/v1/messages", { ...BODY, stream: true });
    const told = await reply.text();
    const error = reply.status === 200 ? parseEvents(told).at(-1)?.data : JSON.parse(told);
    expect(error).toMatchObject({ type: "error", error: { type } });
    expect(told).not.toContain("secret");
    // The next one finds the upstream well: a fault or two do not pause it.
    play(chunks([{ content: "Hi" }]));
    expect((await ask(BODY)).status).toBe(200);
  });

  test("a client that leaves stops the server", async () => {
    const left = fake.left();
    const rows = server.rows.length;
    fake.answer((outgoing) =>
      sendSse(outgoing, chunks([{ content: "Hello" }], null, null).replace("data: [DONE]\n\n", ""), { open: true }),
    );
    const leave = new AbortController();
    const reply = await post(server, "/v1/messages", { ...BODY, stream: true }, { signal: leave.signal });
    await reply.body?.getReader().read();
    leave.abort();
    await until(() => fake.left() === left + 1 && server.rows.length === rows + 1);
    expect(server.rows.at(-1)).toMatchObject({ outcome: "client_closed" });
  });
});
