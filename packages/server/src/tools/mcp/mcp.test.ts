import type Anthropic from "@anthropic-ai/sdk";
import { Message, StreamEvent } from "@parley/wire";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { end, scripted, start, textBlock } from "../../doors/testing/scripted-engine.ts";
import type { ServerTools } from "../server-tool.ts";
import { type Params, mcpParams, refusalOf, step } from "../testing/mcp-steps.ts";
import { says, startMcpServer, tool } from "../testing/start-mcp-server.ts";
import { startToolServer } from "../testing/start-tool-server.ts";
import { createToolSearch } from "../tool-search/create-tool-search.ts";

const OLD = "mcp-client-2025-04-04";
const TOKEN = "secret-token-48213";

let parley: Awaited<ReturnType<typeof startToolServer>>;
let other: Awaited<ReturnType<typeof startMcpServer>>;
let small: Awaited<ReturnType<typeof startMcpServer>>;

beforeAll(async () => {
  const tools = { tool_search_tool_bm25: createToolSearch("words") } as ServerTools;
  parley = await startToolServer(tools, { callTimeoutMs: 1_000 }, {}, { listingTimeoutMs: 2_000 });
  small = await startMcpServer({});
  other = await startMcpServer({});
});
afterAll(async () => {
  await parley.close();
  small.close();
  other.close();
});
beforeEach(() => {
  small.behave({});
  other.behave({});
  parley.toolLines.length = 0;
  parley.playSteps(scripted([start, ...textBlock(0, "Done."), end()]));
});

const create = (change: Partial<Params> = {}, server: object = {}) =>
  parley.client.beta.messages.create(mcpParams(small.url, change, server));
const offered = () => parley.engine.turns.at(-1)?.tools.map(({ name }) => name);

test("under the newest beta a reply holds what its servers listed, and they are not asked again when it is sent back", async () => {
  const betas = ["mcp-client-2026-09-15"];
  const listing = {
    type: "mcp_tool_listing",
    mcp_server_name: "small",
    tools: [
      { name: "echo", description: "Does echo", input_schema: { type: "object", properties: { text: { type: "string" } } } },
    ],
  };
  parley.playSteps(step("I ask. ", ["small_echo", { text: "hi" }]), step("It says hi."));
  const whole = await create({ betas });
  expect(Message.safeParse(whole).error).toBeUndefined();
  expect(whole.content).toMatchObject([listing, { type: "text" }, { type: "mcp_tool_use" }, { type: "mcp_tool_result" }, {}]);
  const streamed = await parley.client.beta.messages.stream(mcpParams(small.url, { betas })).finalMessage();
  expect(streamed.content[0]).toEqual(listing);
  const [asked] = mcpParams(small.url).messages;
  let lists = 0;
  small.behave({
    list: () => {
      lists += 1;
      return { result: { tools: [] } };
    },
  });
  const messages = [asked!, { role: "assistant" as const, content: whole.content }, { role: "user" as const, content: "Again." }];
  const again = await create({ betas, messages });
  expect(again.content.map(({ type }) => type)).not.toContain("mcp_tool_listing");
  expect([lists, offered()]).toEqual([0, ["small_echo"]]);
});

describe("a reply that calls an MCP server's tool", () => {
  test("has the call and the result in order, whole and streamed, and goes on when it is sent back", async () => {
    const steps = [step("I ask. ", ["small_echo", { text: "hi" }]), step("It says hi.")];
    parley.playSteps(...steps);
    const whole = await create();
    expect(Message.safeParse(whole).error).toBeUndefined();
    const expected = [
      { type: "text", text: "I ask. ", citations: null },
      {
        type: "mcp_tool_use",
        id: expect.stringMatching(/^mcptoolu_/),
        name: "echo",
        server_name: "small",
        input: { text: "hi" },
      },
      {
        type: "mcp_tool_result",
        tool_use_id: expect.stringMatching(/^mcptoolu_/),
        is_error: false,
        content: [{ type: "text", text: '{"text":"hi"}', citations: null }],
      },
      { type: "text", text: "It says hi.", citations: null },
    ];
    expect(whole).toMatchObject({ content: expected, stop_reason: "end_turn" });
    const inLoop = parley.engine.turns.at(-1)?.messages;

    parley.playSteps(...steps);
    const stream = parley.client.beta.messages.stream(mcpParams(small.url));
    const types: string[] = [];
    for await (const event of stream) {
      expect(StreamEvent.safeParse(event).error).toBeUndefined();
      if (event.type === "content_block_start") types.push(event.content_block.type);
    }
    expect(types).toEqual(["text", "mcp_tool_use", "mcp_tool_result", "text"]);
    expect((await stream.finalMessage()).content).toEqual(whole.content);

    // Sent back, the model reads what it read in the loop.
    parley.playSteps(step("Again."));
    const messages: Params["messages"] = [
      { role: "user", content: "Echo it." },
      { role: "assistant", content: whole.content as Anthropic.Beta.BetaContentBlockParam[] },
      { role: "user", content: "Once more." },
    ];
    await create({ messages });
    expect(parley.engine.turns.at(-1)?.messages.slice(0, 3)).toEqual(inLoop);
  });

  test("connects once to a server for all its calls, and once to list", async () => {
    parley.playSteps(step("", ["small_echo", {}], ["small_echo", {}]), step("", ["small_echo", {}]), step("Done."));
    await create();
    const methods = small.seen.map(({ method }) => method);
    expect(methods.filter((method) => method === "initialize")).toHaveLength(2);
    expect(methods.filter((method) => method === "tools/call")).toHaveLength(3);
    expect(methods.filter((method) => method === "tools/list")).toHaveLength(1);
  });

  test("keeps the tools of two servers apart, even where their names would meet", async () => {
    small.behave({ list: () => ({ result: { tools: [tool("b_c"), tool("dotted.name")] } }), call: () => says("first") });
    other.behave({ list: () => ({ result: { tools: [tool("c")] } }), call: () => says("second") });
    parley.playSteps(step("", ["a_b_c", {}], ["a_b_c_2", {}]), step("Done."));
    const reply = await create({
      mcp_servers: [
        { type: "url", name: "a", url: small.url },
        { type: "url", name: "a_b", url: other.url },
      ],
      tools: [
        { type: "mcp_toolset", mcp_server_name: "a" },
        { type: "mcp_toolset", mcp_server_name: "a_b" },
      ],
    });
    expect(offered()).toEqual(["a_b_c", "a_dotted_name", "a_b_c_2"]);
    expect(reply.content).toMatchObject([
      { type: "mcp_tool_use", server_name: "a", name: "b_c" },
      { type: "mcp_tool_use", server_name: "a_b", name: "c" },
      { type: "mcp_tool_result", content: [{ text: "first" }] },
      { type: "mcp_tool_result", content: [{ text: "second" }] },
      {},
    ]);
  });

  test("may call a client's tool beside it: the server's call is answered, the client's is the client's", async () => {
    parley.playSteps(step("", ["small_echo", {}], ["mine", {}]));
    const mine = { name: "mine", input_schema: { type: "object" as const } };
    const reply = await create({ tools: [mine, { type: "mcp_toolset", mcp_server_name: "small" }] });
    expect(reply.stop_reason).toBe("tool_use");
    expect(reply.content.map(({ type }) => type)).toEqual(["mcp_tool_use", "tool_use", "mcp_tool_result"]);
  });

  test("gets what a tool returns beside text as words, an error as one, and a long result cut and said so", async () => {
    const results = {
      mixed: {
        content: [
          { type: "image", data: "AAAA", mimeType: "image/png" },
          { type: "resource", resource: { uri: "file:///a", text: "inside" } },
          { type: "resource_link", uri: "file:///b", name: "B" },
          { type: "hologram" },
        ],
      },
      structured: { content: [], structuredContent: { degrees: 21 } },
      failed: { content: [{ type: "text", text: "no such city" }], isError: true },
      long: { content: [{ type: "text", text: "x".repeat(5_000) }] },
      nothing: { content: [] },
      wrong: { content: "none" },
    };
    small.behave({
      list: () => ({ result: { tools: Object.keys(results).map((name) => tool(name)) } }),
      call: (name) => ({ result: results[name as keyof typeof results] }),
    });
    parley.playSteps(step("", ...Object.keys(results).map((name) => [`small_${name}`, {}] as const)), step("Done."));
    const { content } = await create();
    const found = content.flatMap((block) => (block.type === "mcp_tool_result" ? [block] : []));
    expect(
      found.map(({ is_error: isError, content: texts }) => [isError, ...(texts as { text: string }[]).map(({ text }) => text)]),
    ).toEqual([
      [
        false,
        "[image of type image/png, which a result cannot hold.]",
        "file:///a\ninside",
        "[B](file:///b)",
        "[Content of a kind that is not known here.]",
      ],
      [false, '{"degrees":21}'],
      [true, "no such city"],
      [false, "x".repeat(1_000), "[Cut: 1000 of the result's 5000 characters are shown.]"],
      [false],
      [true, "The call failed: MCP server 'small' sent what cannot be read, or more than is read."],
    ]);
    const results_ = parley.engine.turns.at(-1)?.messages.at(-1)?.content;
    expect(results_?.[4]).toMatchObject({ content: [{ type: "text", text: "(The tool returned nothing.)" }] });
  });
});

describe("which tools a request gets", () => {
  beforeEach(() => small.behave({ list: () => ({ result: { tools: [tool("read"), tool("write"), tool("delete")] } }) }));

  test.each([
    ["all, unless it says otherwise", {}, ["small_read", "small_write", "small_delete"]],
    ["those that it allows", { default_config: { enabled: false }, configs: { read: { enabled: true } } }, ["small_read"]],
    ["all but those that it denies", { configs: { delete: { enabled: false } } }, ["small_read", "small_write"]],
    [
      "those of a list that it pins, without asking the server",
      { tools: [{ name: "own", input_schema: { type: "object" } }] },
      ["small_own"],
    ],
  ])("%s", async (_what, toolset, names) => {
    await create({ tools: [{ type: "mcp_toolset", mcp_server_name: "small", ...toolset }] });
    expect(offered()).toEqual(names);
    expect(small.seen.length === 0).toBe("tools" in toolset);
  });

  test("in the older beta's form as in the newer one", async () => {
    const old = (tool_configuration?: object) =>
      create({ betas: [OLD], tools: [] }, tool_configuration === undefined ? {} : { tool_configuration });
    await old();
    expect(offered()).toEqual(["small_read", "small_write", "small_delete"]);
    await old({ enabled: true, allowed_tools: ["write"] });
    expect(offered()).toEqual(["small_write"]);
    await old({ enabled: false });
    expect(offered()).toEqual([]);
  });

  test("are counted as they are sent, and the last of a set carries its cache mark", async () => {
    const { max_tokens: _max, ...counted } = mcpParams(small.url);
    await parley.client.beta.messages.countTokens(counted);
    expect(small.seen.map(({ method }) => method)).toContain("tools/list");
    await create({ tools: [{ type: "mcp_toolset", mcp_server_name: "small", cache_control: { type: "ephemeral" } }] });
    expect(parley.engine.turns.at(-1)?.tools.map(({ cacheTtl }) => cacheTtl)).toEqual([undefined, undefined, "5m"]);
  });

  test("later, when a search has found them, if they are deferred", async () => {
    const search = { type: "tool_search_tool_bm25_20251119", name: "tool_search_tool_bm25" } as const;
    parley.playSteps(step("", ["tool_search_tool_bm25", { query: "write" }]), step("", ["small_write", {}]), step("Done."));
    const tools: Params["tools"] = [
      search,
      { type: "mcp_toolset", mcp_server_name: "small", default_config: { defer_loading: true } },
    ];
    const reply = await create({ tools });
    expect(offered()).toEqual(["tool_search_tool_bm25"]);
    expect(reply.content.map(({ type }) => type)).toEqual([
      "server_tool_use",
      "tool_search_tool_result",
      "mcp_tool_use",
      "mcp_tool_result",
      "text",
    ]);
    parley.playSteps(step("Again."));
    const content = reply.content as Anthropic.Beta.BetaContentBlockParam[];
    await create({
      tools,
      messages: [
        { role: "user", content: "Write." },
        { role: "assistant", content },
        { role: "user", content: "Again." },
      ],
    });
    expect(JSON.stringify(parley.engine.turns.at(-1)?.messages[2])).toContain('"tool_definition","tool":{"name":"small_write"');
  });
});

describe("is refused with a 400 that names what is wrong", () => {
  const set = (name: string) => ({ type: "mcp_toolset", mcp_server_name: name }) as const;
  test.each([
    [{ tools: [] }, {}, "mcp_servers.0: MCP server 'small' must be referenced by exactly one `mcp_toolset` in `tools`"],
    [{ tools: [set("big")] }, {}, "tools.0.mcp_toolset.mcp_server_name: MCP server 'big' not found in `mcp_servers`"],
    [
      { tools: [set("small"), set("small")] },
      {},
      "tools.1.mcp_toolset.mcp_server_name: MCP server 'small' has an `mcp_toolset` already",
    ],
    [{}, { url: "file:///etc/passwd" }, "mcp_servers.0.url: Input should be a valid http or https URL"],
    [
      {},
      { tool_configuration: { enabled: true } },
      "mcp_servers.0.tool_configuration: cannot be set for a server that an `mcp_toolset` configures",
    ],
    [{}, { headers: {} }, "mcp_servers.0.headers: Extra inputs are not permitted"],
    [{}, { authorization_token: "a\r\nx: y" }, "mcp_servers.0.authorization_token: String should match pattern"],
    [{ tool_choice: { type: "tool", name: "small_none" } }, {}, "tool_choice: Tool 'small_none' not found in provided tools"],
    [
      {
        messages: [
          { role: "user", content: "x" },
          {
            role: "assistant",
            content: [{ type: "mcp_tool_use", id: "mcptoolu_1", name: "echo", server_name: "small", input: {} }],
          },
          { role: "user", content: "y" },
        ],
      },
      {},
      "messages.1: `echo` tool use with id `mcptoolu_1` was found without a corresponding `mcp_tool_result` block",
    ],
  ] as const)("%j %j", async (change, server, message) => {
    const { status, error } = await refusalOf(create(change as unknown as Partial<Params>, server));
    expect({ status, type: error.error.type }).toEqual({ status: 400, type: "invalid_request_error" });
    expect(error.error.message).toContain(message);
  });

  test("a server that nothing answers for, that may not be reached, or that is none", async () => {
    const closed = await startMcpServer({});
    closed.close();
    const page = await startMcpServer({
      meet(_request, response) {
        response.setHeader("content-type", "text/html").end("<p>Hello");
        return true;
      },
    });
    for (const url of [closed.url, "http://10.0.0.1/mcp", "http://169.254.169.254/", "http://localhost:1/mcp", page.url]) {
      const { status, error } = await refusalOf(create({}, { url }));
      expect(status).toBe(400);
      expect(error.error).toMatchObject({
        type: "invalid_request_error",
        message: expect.stringMatching(/^Connection error while communicating with MCP server 'small'/),
      });
    }
    page.close();
  });

  test("a token that its server does not accept, and the token is seen by that server alone", async () => {
    small.behave({
      meet(request, response) {
        if (request.headers.authorization === `Bearer ${TOKEN}`) return false;
        response.writeHead(401, { "www-authenticate": "Bearer" }).end();
        return true;
      },
    });
    expect((await refusalOf(create({}, { authorization_token: "wrong" }))).error.error.message).toBe(
      "Authentication error while communicating with MCP server 'small'. Please check your authorization token.",
    );
    parley.playSteps(step("", ["small_echo", { text: "in" }]), step("Done."));
    const reply = await create({}, { authorization_token: TOKEN });
    expect(reply.content.find(({ type }) => type === "mcp_tool_result")).toMatchObject({ is_error: false });

    other.behave({
      meet(request, response) {
        response.writeHead(307, { location: small.url }).end();
        return request.method !== "";
      },
    });
    await refusalOf(create({}, { authorization_token: TOKEN, url: other.url }));
    const logged = [...parley.toolLines, ...parley.lines].join("\n");
    expect(logged).toContain("could not be listed");
    expect(logged + JSON.stringify(reply) + JSON.stringify(parley.engine.turns)).not.toContain(TOKEN);
    expect(JSON.stringify(parley.failures)).not.toContain(TOKEN);
  });
});
