import type Anthropic from "@anthropic-ai/sdk";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BODY, parseEvents, post, until } from "../doors/testing/start-test-server.ts";
import {
  end,
  pause,
  type Script,
  scripted,
  start,
  textBlock,
  thinkingBlock,
  toolBlock,
  USAGE,
} from "../doors/testing/scripted-engine.ts";
import { createTurnTaker } from "../platform/take-turns.ts";
import { fail } from "../platform/fail.ts";
import { type ServerTool, type ServerToolCall, ServerToolError, type ServerTools } from "./server-tool.ts";
import { otherTools } from "./testing/other-tools.ts";
import { SEALS, startToolServer } from "./testing/start-tool-server.ts";
import { createWebFetch } from "./web-fetch/create-web-fetch.ts";
import { createWebSearch } from "./web-search/create-web-search.ts";
import type { SearchQuery } from "./web-search/search-provider.ts";
import { systemClock } from "../platform/clock.ts";

const SEARCH = { type: "web_search_20250305", name: "web_search" } as const;
const WEATHER: Anthropic.Tool = { name: "weather", input_schema: { type: "object", properties: { city: { type: "string" } } } };

type Server = Awaited<ReturnType<typeof startToolServer>>;
let server: Server;
let asked: SearchQuery[] = [];
let searching: (query: SearchQuery) => Promise<void> = async () => {};

beforeEach(async () => {
  asked = [];
  searching = async () => {};
  const provider = {
    async search(query: SearchQuery) {
      asked.push(query);
      await searching(query);
      return [
        {
          url: `https://a.example/${query.query}`,
          title: `About ${query.query}`,
          text: `All of ${query.query}.`,
          pageAge: "1 day ago",
        },
      ];
    },
  };
  server = await startToolServer(
    toolsWith(createWebSearch({ provider, resultsMax: 5, pageMaxCharacters: 500, seal: (id, text) => SEALS.sign(id, text) })),
    {
      callTimeoutMs: 2_000,
    },
  );
});

afterEach(() => server.close());

function toolsWith(webSearch: ServerTool): ServerTools {
  const egress = () => Promise.reject(new Error("nothing is fetched here"));
  return {
    web_search: webSearch,
    web_fetch: createWebFetch({ egress, turns: createTurnTaker(2), clock: systemClock, isEnabled: false, contentMaxTokens: 100 }),
    ...otherTools,
  };
}

/** One step: text, then calls, each time with ids of its own. */
function step(text: string, ...calls: readonly (readonly [name: string, input: object])[]): Script {
  return async function* () {
    yield start;
    if (text !== "") yield* textBlock(0, text);
    for (const [at, [name, input]] of calls.entries()) {
      for (const event of toolBlock(at + (text === "" ? 0 : 1), name, JSON.stringify(input))) {
        yield event.type === "block-start" ? { ...event, block: { type: "tool_use", id: `toolu_${nextId++}`, name } } : event;
      }
    }
    yield end({ stopReason: calls.length === 0 ? "end_turn" : "tool_use" });
  };
}
let nextId = 1;

const search = (query: string): readonly [string, object] => ["web_search", { query }];
const create = (params: Partial<Anthropic.MessageCreateParamsNonStreaming> = {}) =>
  server.client.messages.create({ ...(BODY as Anthropic.MessageCreateParamsNonStreaming), tools: [SEARCH, WEATHER], ...params });
const typesOf = (message: Pick<Anthropic.Message, "content">) => message.content.map(({ type }) => type);

test("a search stands between what the model wrote before and after it, whole and as a stream alike", async () => {
  server.playSteps(step("I will look.", search("frogs")), step("Frogs are green."));
  const whole = await create();
  expect(whole.content).toEqual([
    { type: "text", text: "I will look.", citations: null },
    {
      type: "server_tool_use",
      id: expect.stringMatching(/^srvtoolu_\d+$/),
      name: "web_search",
      input: { query: "frogs" },
      caller: { type: "direct" },
    },
    {
      type: "web_search_tool_result",
      tool_use_id: (whole.content[1] as { id: string }).id,
      content: [
        {
          type: "web_search_result",
          url: "https://a.example/frogs",
          title: "About frogs",
          encrypted_content: expect.any(String),
          page_age: "1 day ago",
        },
      ],
      caller: { type: "direct" },
    },
    { type: "text", text: "Frogs are green.", citations: null },
  ]);
  expect(whole.stop_reason).toBe("end_turn");
  // Two prompts were read and two replies written: the sums of both, and one search.
  expect(whole.usage).toMatchObject({
    input_tokens: 2 * USAGE.inputTokens,
    cache_read_input_tokens: 2 * USAGE.cacheReadTokens,
    output_tokens: 10,
    server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 },
  });
  // The second step saw the call and the page's text, and may not be forced again.
  expect(server.engine.turns[1]?.messages.slice(1)).toEqual([
    {
      role: "assistant",
      content: [{ type: "text", text: "I will look." }, expect.objectContaining({ type: "tool_use", name: "web_search" })],
    },
    {
      role: "user",
      content: [
        expect.objectContaining({
          type: "tool_result",
          content: [expect.objectContaining({ text: "All of frogs.", source: "https://a.example/frogs" })],
        }),
      ],
    },
  ]);
  // Ten dollars for 1,000.
  expect(server.rows.at(-1)?.bill.cost.webSearch).toBe(10_000_000n);
  expect(server.rows).toHaveLength(1);

  server.playSteps(step("I will look.", search("frogs")), step("Frogs are green."));
  const stream = server.client.messages.stream({ ...BODY, tools: [SEARCH] } as Anthropic.MessageStreamParams);
  const final = await stream.finalMessage();
  expect(typesOf(final)).toEqual(typesOf(whole));
  expect(final.usage).toMatchObject({ output_tokens: 10, server_tool_use: { web_search_requests: 1 } });
});

test("the events of a stream come in the platform's order", async () => {
  server.playSteps(step("", search("frogs")), step("Green."));
  const events = parseEvents(await (await post(server, "/v1/messages", { ...BODY, stream: true, tools: [SEARCH] })).text());
  expect(events.map(({ event, data }) => (typeof data["index"] === "number" ? `${event} ${data["index"]}` : event))).toEqual([
    "message_start",
    "content_block_start 0",
    "ping",
    "content_block_delta 0",
    "content_block_delta 0",
    "content_block_stop 0",
    "content_block_start 1",
    "content_block_stop 1",
    "content_block_start 2",
    "content_block_delta 2",
    "content_block_stop 2",
    "message_delta",
    "message_stop",
  ]);
  expect(events[6]?.data["content_block"]).toMatchObject({
    type: "web_search_tool_result",
    content: [{ url: "https://a.example/frogs" }],
  });
});

test("calls made together run together; a client's call among them ends the reply, after their results", async () => {
  const started = Promise.withResolvers<void>();
  searching = async () => {
    if (asked.length === 2) started.resolve();
    // Neither goes on before both have begun.
    await started.promise;
  };
  server.playSteps(step("", search("frogs"), ["weather", { city: "Oslo" }], search("toads")), step("Done."));
  const message = await create();
  expect(typesOf(message)).toEqual([
    "server_tool_use",
    "tool_use",
    "server_tool_use",
    "web_search_tool_result",
    "web_search_tool_result",
  ]);
  expect(message.stop_reason).toBe("tool_use");
  expect(server.engine.turns).toHaveLength(1);

  // Sent back with the client's result, the model sees three calls and their three results.
  server.playSteps(step("Done."));
  const call = message.content[1] as Anthropic.ToolUseBlock;
  await create({
    messages: [
      { role: "user", content: "Hi" },
      { role: "assistant", content: message.content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "rain" }] },
    ],
  });
  const [, reply, results] = server.engine.turns[1]?.messages ?? [];
  expect(reply?.content.map((block) => (block.type === "tool_use" ? block.name : block.type))).toEqual([
    "web_search",
    "weather",
    "web_search",
  ]);
  expect(results?.content).toMatchObject([
    { content: [{ text: "All of frogs." }] },
    { content: [{ text: "All of toads." }] },
    { content: [{ text: "rain" }] },
  ]);
});

test("what a client sends back renders as what the model saw in the loop", async () => {
  server.playSteps(step("I will look.", search("frogs")), step("And again.", search("toads")), step("Done."));
  const message = await create();
  const inLoop = server.engine.turns[2]?.messages;
  server.playSteps(step("You are welcome."));
  await create({
    messages: [
      { role: "user", content: "Hi" },
      { role: "assistant", content: message.content },
      { role: "user", content: "Thanks" },
    ],
  });
  const sentBack = server.engine.turns[3]?.messages ?? [];
  expect(sentBack.slice(0, inLoop?.length)).toEqual(inLoop);
  expect(sentBack.slice(inLoop?.length)).toEqual([
    { role: "assistant", content: [{ type: "text", text: "Done." }] },
    { role: "user", content: [{ type: "text", text: "Thanks" }] },
  ]);
});

test("after ten steps the reply pauses, and goes on where it stood when it is sent again", async () => {
  server.playSteps(step("", search("more")));
  const paused = await create({ model: "claude-opus-4-8" });
  expect(paused.stop_reason).toBe("pause_turn");
  expect(server.engine.turns).toHaveLength(10);
  expect(paused.content).toHaveLength(20);
  expect(paused.usage.server_tool_use?.web_search_requests).toBe(10);

  // A model that takes no prefill takes this: it ends with a result.
  server.playSteps(step("That is all."));
  const resumed = await create({
    model: "claude-opus-4-8",
    messages: [
      { role: "user", content: "Hi" },
      { role: "assistant", content: paused.content },
    ],
  });
  expect(resumed.content).toEqual([{ type: "text", text: "That is all.", citations: null }]);
  expect(server.engine.turns.at(-1)?.messages).toHaveLength(21);
});

test("max_uses is a result that says so, and nothing is searched or billed", async () => {
  server.playSteps(step("", search("one"), search("two")), step("", search("three")), step("Enough."));
  const message = await create({ tools: [{ ...SEARCH, max_uses: 1 }] });
  const results = message.content.filter((block) => block.type === "web_search_tool_result");
  expect(results.map(({ content }) => ("error_code" in content ? content.error_code : content.length))).toEqual([
    1,
    "max_uses_exceeded",
    "max_uses_exceeded",
  ]);
  expect(asked.map(({ query }) => query)).toEqual(["one"]);
  expect(message.usage.server_tool_use?.web_search_requests).toBe(1);
});

test.each([
  ["a code of its own", () => Promise.reject(new ServerToolError("too_many_requests", "slow down")), "too_many_requests"],
  ["a fault of ours", () => Promise.reject(new Error("boom")), "unavailable"],
  ["no end in time", ({ signal }: SearchQuery) => pause(60_000, signal), "unavailable"],
])("a call that fails is a block of a 200: %s", async (_name, failing, code) => {
  searching = failing;
  server.playSteps(step("", search("frogs")), step("I could not look."));
  const message = await create();
  expect(message.content[1]).toMatchObject({ content: { type: "web_search_tool_result_error", error_code: code } });
  expect(typesOf(message)).toEqual(["server_tool_use", "web_search_tool_result", "text"]);
  expect(message.usage.server_tool_use).toEqual({ web_search_requests: 0, web_fetch_requests: 0 });
  expect(server.engine.turns[1]?.messages[2]?.content[0]).toMatchObject({ type: "tool_result", isError: true });
});

test("a query that is none or too long has the platform's code", async () => {
  server.playSteps(step("", ["web_search", {}], search("x".repeat(1001))), step("Sorry."));
  const { content } = await create();
  expect(content.slice(2, 4)).toMatchObject([
    { content: { error_code: "invalid_tool_input" } },
    { content: { error_code: "query_too_long" } },
  ]);
});

test("a client that leaves while a tool runs stops the tool, and the turn is recorded", async () => {
  const stopped = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  searching = async ({ signal }) => {
    signal.addEventListener("abort", () => stopped.resolve());
    begun.resolve();
    await pause(60_000, signal);
  };
  server.playSteps(step("", search("frogs")));
  const leaving = new AbortController();
  const reply = create({}).catch(() => null);
  void reply;
  const other = post(
    server,
    "/v1/messages",
    { ...BODY, stream: true, tools: [SEARCH], system: "leaves" },
    { signal: leaving.signal },
  ).then((response) => response.text());
  other.catch(() => {});
  await begun.promise;
  await until(() => asked.length === 2);
  leaving.abort();
  await stopped.promise;
  await until(() => server.rows.some(({ outcome }) => outcome === "client_closed"));
  // What the step before the call had used is billed.
  expect(server.rows.find(({ outcome }) => outcome === "client_closed")?.usage.inputTokens).toBe(USAGE.inputTokens);
});

test("max_tokens bounds the whole reply, and a forced call is forced once", async () => {
  server.playSteps(step("", search("frogs")), step("", search("toads")));
  const message = await create({ max_tokens: 12, tool_choice: { type: "tool", name: "web_search" } });
  expect(message.stop_reason).toBe("max_tokens");
  expect(server.engine.turns.map(({ maxTokens, toolChoice }) => [maxTokens, toolChoice.type])).toEqual([
    [12, "tool"],
    [7, "auto"],
    [2, "auto"],
  ]);
});

test("results that fill the model's context end the reply with what it has", async () => {
  server.playSteps(step("", search("frogs")), async function* () {
    yield* [];
    throw fail("invalid_request_error", { public: "prompt is too long: 9 tokens > 8 maximum" });
  });
  const message = await create();
  expect(message.stop_reason).toBe("model_context_window_exceeded");
  expect(typesOf(message)).toEqual(["server_tool_use", "web_search_tool_result"]);
});

test("a model's thinking goes with it from step to step", async () => {
  server.playSteps(
    scripted([
      start,
      ...thinkingBlock(0, "sig", "hm"),
      ...toolBlock(1, "web_search", '{"query":"frogs"}'),
      end({ stopReason: "tool_use" }),
    ]),
    step("Green."),
  );
  await create({ thinking: { type: "enabled", budget_tokens: 1024 }, max_tokens: 4096 });
  expect(server.engine.turns[1]?.messages[1]?.content[0]).toEqual({ type: "thinking", thinking: "hm", signature: "sig" });
});

test("what a result carries sealed is this workspace's own, and nothing else is taken for it", async () => {
  server.playSteps(step("", search("frogs")), step("Green."));
  const { content } = await create();
  const sealed = JSON.stringify(content);
  expect(sealed).not.toContain("All of frogs");
  const back = (blocks: unknown) => ({
    ...BODY,
    tools: [SEARCH],
    messages: [...BODY.messages, { role: "assistant", content: blocks }, { role: "user", content: "And?" }],
  });
  server.playSteps(step("Fine."));
  expect((await post(server, "/v1/messages", back(content))).status).toBe(200);
  const elsewhere = await post(server, "/v1/messages", back(content), { key: "sk-ant-api03-other" });
  expect([elsewhere.status, await elsewhere.json()]).toMatchObject([
    400,
    { error: { message: expect.stringContaining("Invalid `encrypted_content`") } },
  ]);
  const forged = JSON.parse(
    sealed
      .replace(/"encrypted_content":"."/, '"encrypted_content":"A"')
      .replace(/"encrypted_content":"[^"]{9}/, '"encrypted_content":"AAAAAAAAA'),
  ) as unknown;
  expect((await post(server, "/v1/messages", back(forged))).status).toBe(400);
  // A call without its result is told in the platform's words.
  const open = await post(server, "/v1/messages", back([content[0]]));
  expect(await open.json()).toMatchObject({
    error: {
      message: expect.stringMatching(
        /^messages\.1: `web_search` tool use with id `srvtoolu_\d+` was found without a corresponding `web_search_tool_result` block$/,
      ),
    },
  });
});

test.each([
  [
    { ...SEARCH, allowed_domains: ["a.example"], blocked_domains: ["b.example"] },
    "tools.0.web_search_20250305: only one of `allowed_domains` and `blocked_domains` can be set",
  ],
  [{ ...SEARCH, allowed_domains: ["https://a.example"] }, "tools.0.web_search_20250305.allowed_domains.0: should be a domain"],
  [{ ...SEARCH, max_uses: 0 }, "tools.0.web_search_20250305.max_uses: Input should be greater than or equal to 1"],
  [{ ...SEARCH, foo: 1 }, "tools.0.web_search_20250305.foo: Extra inputs are not permitted"],
  [
    { ...SEARCH, user_location: { type: "exact" } },
    "tools.0.web_search_20250305.user_location.type: Input should be 'approximate'",
  ],
  [
    { ...SEARCH, allowed_callers: ["code_execution_20260120"] },
    "tools.0.web_search_20250305.allowed_callers: this tool cannot be called from code",
  ],
  [
    { type: "web_search_20260318", name: "web_search", response_inclusion: "excluded" },
    "tools.0.web_search_20260318.response_inclusion: leaving results out of the response is not supported",
  ],
])("a definition that is not the platform's is refused: %j", async (tool, message) => {
  const reply = await post(server, "/v1/messages", { ...BODY, tools: [tool] });
  expect([reply.status, await reply.json()]).toMatchObject([400, { error: { message: expect.stringContaining(message) } }]);
});

test("domains and places reach the provider, and what it finds elsewhere is dropped", async () => {
  server.playSteps(step("", search("frogs")), step("Green."));
  const location = { type: "approximate", city: "Oslo", country: "NO" } as const;
  await create({ tools: [{ ...SEARCH, allowed_domains: ["a.example"], user_location: location }] });
  expect(asked[0]).toMatchObject({ allowedDomains: ["a.example"], location: { city: "Oslo", country: "NO", region: null } });
  server.playSteps(step("", search("frogs")), step("Green."));
  const { content } = await create({ tools: [{ ...SEARCH, blocked_domains: ["example"] }] });
  expect(content[1]).toMatchObject({ type: "web_search_tool_result", content: [] });
});

test("a tool search loads what it finds, for this reply and for those that send it back", async () => {
  const tools: Anthropic.ToolUnion[] = [
    { type: "tool_search_tool_bm25_20251119", name: "tool_search_tool_bm25" },
    {
      name: "getForecast",
      description: "The weather of the coming days.",
      input_schema: { type: "object" },
      defer_loading: true,
    },
    { name: "send_mail", description: "Sends a letter.", input_schema: { type: "object" }, defer_loading: true },
  ];
  server.playSteps(step("", ["tool_search_tool_bm25", { query: "weather forecasts" }]), step("", ["getForecast", {}]));
  const message = await create({ tools });
  expect(message.content[1]).toMatchObject({
    type: "tool_search_tool_result",
    content: { type: "tool_search_tool_search_result", tool_references: [{ type: "tool_reference", tool_name: "getForecast" }] },
  });
  expect(message.stop_reason).toBe("tool_use");
  const loaded = (at: number) => server.engine.turns[at]?.messages[2]?.content;
  expect(loaded(1)).toMatchObject([
    { type: "tool_result", content: [{ type: "tool_definition", tool: { name: "getForecast" } }] },
  ]);
  server.playSteps(step("Sunny."));
  const call = message.content.at(-1) as Anthropic.ToolUseBlock;
  await create({
    tools,
    messages: [
      { role: "user", content: "Hi" },
      { role: "assistant", content: message.content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "sun" }] },
    ],
  });
  expect(loaded(2)).toEqual(loaded(1));
});

test("a retried request joins the loop under way, and its tools run once", async () => {
  const go = Promise.withResolvers<void>();
  searching = () => go.promise;
  server.playSteps(step("", search("frogs")), step("Green."));
  const body = { ...BODY, stream: true, tools: [SEARCH] };
  const first = await post(server, "/v1/messages", body);
  await until(() => asked.length === 1);
  // Its headers come once it reads the stream of the first.
  const second = await post(server, "/v1/messages", body, { headers: { "x-stainless-retry-count": "1" } });
  go.resolve();
  const [one, other] = await Promise.all([first, second].map(async (reply) => parseEvents(await reply.text())));
  expect(other?.filter(({ event }) => event !== "ping")).toEqual(one?.filter(({ event }) => event !== "ping"));
  expect([asked.length, server.rows.length]).toEqual([1, 1]);
});

test("a tool is given the call, its definition and the conversation", async () => {
  let seen: ServerToolCall | undefined;
  const spy: ServerTool = {
    counts: null,
    error: (id, code) => toolsWith(spy).tool_search_tool_bm25.error(id, code),
    run: async (call) => ((seen = call), spy.error(call.id, "unavailable")),
  };
  const own = await startToolServer(toolsWith(spy));
  try {
    own.playSteps(step("", search("frogs")), step("Green."));
    await own.client.messages.create({
      ...(BODY as Anthropic.MessageCreateParamsNonStreaming),
      tools: [{ ...SEARCH, max_uses: 3 }],
    });
    expect(seen).toMatchObject({ input: { query: "frogs" }, definition: { max_uses: 3 }, turn: { workspaceId: "wrkspc_1" } });
  } finally {
    await own.close();
  }
});
