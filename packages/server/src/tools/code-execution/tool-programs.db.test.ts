import { AnthropicBedrock } from "@anthropic-ai/bedrock-sdk";
import Anthropic from "@anthropic-ai/sdk";
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema";
import { AnthropicVertex } from "@anthropic-ai/vertex-sdk";
import { Message, StreamEvent } from "@parley/wire";
import { OAuth2Client } from "google-auth-library";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openFolderBlobStore } from "../../blobs/folder-blob-store.ts";
import { createContainers } from "../../containers/create-containers.ts";
import { KEY, OTHER_KEY, until } from "../../doors/testing/start-test-server.ts";
import { createValidator } from "../../engines/turn-engine/grammar/validator.ts";
import { createFiles } from "../../files/create-files.ts";
import { systemClock } from "../../platform/clock.ts";
import { createTurnTaker } from "../../platform/take-turns.ts";
import { openSandbox } from "../../sandbox/open-sandbox.ts";
import { WORK_PART } from "../../sandbox/sandbox.ts";
import { openTestStorage } from "../../storage/testing/test-storage.ts";
import { noCode, otherTools } from "../testing/other-tools.ts";
import { SEALS, startToolServer } from "../testing/start-tool-server.ts";
import { step } from "../testing/step.ts";
import { createWebFetch } from "../web-fetch/create-web-fetch.ts";
import { createWebSearch } from "../web-search/create-web-search.ts";
import { createCodeExecution } from "./create-code-execution.ts";
import { type CodeRunner, createCodeRunner } from "./create-code-runner.ts";

const MIB = 1024 ** 2;
const LIMITS = { timeoutMs: 5_000, memoryBytes: 500 * MIB, processes: 32, diskBytes: 100 * MIB, diskEntries: 2_000 };
const CODE = { type: "code_execution_20260120", name: "code_execution" } as const;
const QUERY = {
  name: "query-sales",
  description: "The sales of a region, as JSON.",
  input_schema: {
    type: "object",
    properties: { region: { type: "string", enum: ["West", "East", "North"] }, year: { type: "integer" } },
    required: ["region"],
  },
  allowed_callers: ["code_execution_20260120"],
} satisfies Anthropic.Tool;
const SALES: Readonly<Record<string, number>> = { West: 45, East: 38, North: 61 };

const seal = (id: string, text: string) => SEALS.sign(id, text);
const FROGS = {
  search: async () => [{ url: "https://frogs.example/a", title: "Frogs", text: "Frogs are green.", pageAge: null }],
};

const dataDir = await mkdtemp(join(tmpdir(), "parley-programs-"));
const { sandbox, ...why } = await openSandbox(dataDir, LIMITS);
if (sandbox === null) process.stdout.write(`No sandbox here, so no program calls a tool: ${JSON.stringify(why)}\n`);

const storage = await openTestStorage();
const blobs = await openFolderBlobStore(join(storage.dataDir, "blobs"));
const files = createFiles({ storage, blobs, clock: systemClock, quotaBytes: 500 * MIB });
const folder = join(dataDir, "containers");
const containers = createContainers({ storage, clock: systemClock, folder, lifeDays: 30 });

type Server = Awaited<ReturnType<typeof startToolServer>>;
let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server?.close();
  await storage.close();
  await rm(dataDir, { recursive: true, force: true });
});

function runnerOf(programWaitMs = 60_000): CodeRunner {
  const createCheck = (schema: object) => createValidator(schema).validate;
  return createCodeRunner({ ...noCode, sandbox, containers, files, concurrency: 2, createCheck, programWaitMs });
}

function startServer(runner = runnerOf()): Promise<Server> {
  const egress = () => Promise.reject(new Error("nothing is fetched here"));
  return startToolServer(
    {
      web_search: createWebSearch({ provider: FROGS, resultsMax: 1, pageMaxCharacters: 100, seal }),
      web_fetch: createWebFetch({
        egress,
        turns: createTurnTaker(2),
        clock: systemClock,
        isEnabled: true,
        contentMaxTokens: 100,
      }),
      ...otherTools,
      ...createCodeExecution(runner, { timeoutMs: LIMITS.timeoutMs, seal }),
    },
    {},
    { files, containers },
  );
}

const program = (code: string): readonly [string, object] => ["code_execution", { code }];

type Reply = Anthropic.Message;
const USER: Anthropic.MessageParam = { role: "user", content: "Go" };
const PARAMS = { model: "claude-haiku-4-5", max_tokens: 1000, tools: [CODE, QUERY] };
const callsOf = ({ content }: Reply) => content.filter((block) => block.type === "tool_use");
const ran = ({ content }: Reply) =>
  content.flatMap((block) => (block.type === "code_execution_tool_result" ? [block.content] : []));
const answer = (reply: Reply, said: (input: { region: string }) => Partial<Anthropic.ToolResultBlockParam>) =>
  callsOf(reply).map(({ id, input }): Anthropic.ToolResultBlockParam => ({
    type: "tool_result",
    tool_use_id: id,
    ...said(input as { region: string }),
  }));
const sold = ({ region }: { region: string }) => ({ content: JSON.stringify({ amount: SALES[region] }) });

/** The next request of a client: its conversation, the reply, and what its tools gave. */
function next(reply: Reply, results: Anthropic.ToolResultBlockParam[], before: Anthropic.MessageParam[] = [USER]) {
  return {
    ...PARAMS,
    container: reply.container?.id ?? null,
    messages: [...before, { role: "assistant" as const, content: reply.content }, { role: "user" as const, content: results }],
  };
}

const SUM = `
west, east = await asyncio.gather(query_sales(region="West"), query_sales("East", 2026))
north = json.loads(await query_sales({"region": "North"}))
print("all:", json.loads(west)["amount"] + json.loads(east)["amount"] + north["amount"])
`;

describe.skipIf(sandbox === null)("a program", () => {
  test("calls tools of the client, is the same one when it is answered, and tells the model its output alone", async () => {
    server.playSteps(step(program(SUM)), step());
    const asks = await server.client.messages.create({ ...PARAMS, messages: [USER] });
    expect(Message.safeParse(asks).error).toBeUndefined();
    const [code] = asks.content;
    if (code?.type !== "server_tool_use") throw new Error("no program");
    const caller = { type: "code_execution_20260120", tool_id: code.id };
    const called = { type: "tool_use", id: expect.stringMatching(/^toolu_01/) as string, name: "query-sales", caller };
    expect(asks).toMatchObject({ stop_reason: "tool_use", container: { id: expect.stringMatching(/^container_01/) as string } });
    expect(asks.content.slice(1)).toEqual([
      { ...called, input: { region: "West" } },
      { ...called, input: { region: "East", year: 2026 } },
    ]);
    const [first] = server.engine.turns.slice(-1);
    expect(first?.tools.map(({ name }) => name)).toEqual(["code_execution", "bash_code_execution", "text_editor_code_execution"]);
    expect(first?.tools[0]?.description).toContain(
      "- await query_sales(region, year=None) -> str: The sales of a region, as JSON.",
    );

    const turns = server.engine.turns.length;
    const then = await server.client.messages.create(next(asks, answer(asks, sold)));
    expect(then.content).toEqual([{ ...called, input: { region: "North" } }]);
    expect([then.stop_reason, then.container?.id]).toEqual(["tool_use", asks.container?.id]);
    // The model was not asked, and nothing is billed.
    expect(server.engine.turns).toHaveLength(turns);
    expect(then.usage).toMatchObject({ input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0 });

    const before = next(asks, answer(asks, sold)).messages;
    const request = next(then, answer(then, sold), before);
    const last = await server.client.messages.create(request);
    expect(Message.safeParse(last).error).toBeUndefined();
    const content = { type: "code_execution_result", stdout: "all: 144\n", stderr: "", return_code: 0, content: [] };
    expect(last.content).toEqual([
      { type: "code_execution_tool_result", tool_use_id: code.id, content },
      { type: "text", text: "Done.", citations: null },
    ]);
    expect(last.stop_reason).toBe("end_turn");
    const lived = server.engine.turns.at(-1)?.messages;
    const modelId = code.id.replace("srvtoolu_", "toolu_");
    expect(lived).toMatchObject([
      { role: "user" },
      { role: "assistant", content: [{ type: "tool_use", id: modelId, name: "code_execution" }] },
      { role: "user", content: [{ type: "tool_result", toolUseId: modelId, content: [{ type: "text", text: "all: 144" }] }] },
    ]);

    // Sent back, the model sees the same conversation again.
    const messages = [
      ...request.messages,
      { role: "assistant" as const, content: last.content },
      { role: "user" as const, content: "And?" },
    ];
    server.playSteps(step());
    await server.client.messages.create({ ...PARAMS, messages });
    expect(server.engine.turns.at(-1)?.messages.slice(0, 3)).toEqual(lived);
  });

  test("calls and is answered through the doors of clouds, by their own clients", async () => {
    const authClient = new OAuth2Client();
    authClient.setCredentials({ access_token: KEY });
    const at = { baseURL: server.url, maxRetries: 0 };
    const bedrock = new AnthropicBedrock({ ...at, awsRegion: "us-east-1", apiKey: KEY });
    const vertex = new AnthropicVertex({ ...at, region: "us-east5", projectId: "some-project", authClient });
    server.playSteps(step(program(SUM)), step());
    const model = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
    const asks = await bedrock.messages.create({ ...PARAMS, model, messages: [USER] });
    const request = next(asks, answer(asks, sold));
    const then = await bedrock.messages.create({ ...request, model });
    expect([callsOf(asks).length, callsOf(then).length]).toEqual([2, 1]);
    // The last answer comes through another one.
    const last = await vertex.messages.create({
      ...next(then, answer(then, sold), request.messages),
      model: "claude-haiku-4-5@20251001",
    });
    expect(ran(last)).toMatchObject([{ stdout: "all: 144\n", return_code: 0 }]);
  });

  test("streams its calls whole, and its container at the end", async () => {
    server.playSteps(step(program('print(await query_sales("West"))')), step());
    const stream = server.client.messages.stream({ ...PARAMS, messages: [USER] });
    const seen: unknown[] = [];
    for await (const event of stream) {
      expect(StreamEvent.safeParse(event).error).toBeUndefined();
      if (event.type === "content_block_start" && event.content_block.type === "tool_use") seen.push(event.content_block.input);
      if (event.type === "content_block_delta" && event.index === 1) seen.push("a delta");
      if (event.type === "message_delta") seen.push(event.delta.stop_reason, event.delta.container?.id.slice(0, 12));
    }
    expect(seen).toEqual([{ region: "West" }, "tool_use", "container_01"]);
    const asks = await stream.finalMessage();
    const last = await server.client.messages.stream(next(asks, answer(asks, sold))).finalMessage();
    expect([ran(last), last.stop_reason]).toMatchObject([[{ stdout: '{"amount":45}\n' }], "end_turn"]);
  });

  test("works with the SDK's own runner, which names no container", async () => {
    server.playSteps(step(program('for region in ["West", "East"]: print(await query_sales(region))')), step());
    const asked: string[] = [];
    const runner = server.client.beta.messages.toolRunner({
      ...PARAMS,
      messages: [{ role: "user", content: "Go" }],
      tools: [
        CODE,
        {
          ...betaTool({
            name: QUERY.name,
            description: QUERY.description,
            inputSchema: { type: "object", properties: { region: { type: "string" } }, required: ["region"] },
            run: ({ region }) => {
              asked.push(region);
              return sold({ region }).content;
            },
          }),
          allowed_callers: QUERY.allowed_callers,
        },
      ],
    });
    const last = await runner;
    expect(asked).toEqual(["West", "East"]);
    expect(last.content[0]).toMatchObject({ content: { stdout: '{"amount":45}\n{"amount":38}\n' } });
  });

  test("is answered by the example as the guide tells it", async () => {
    server.playSteps(step(program('print(sum(json.loads(await query_sales("West"))))')), step());
    const example = join(import.meta.dirname, "../../../../../examples/typescript/program-tools.ts");
    const env = { PATH: process.env["PATH"], ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: KEY };
    const { stdout } = await promisify(execFile)(process.execPath, [example], { env });
    expect(stdout).toContain("query_sales(West)\n");
    expect(stdout).toContain("stdout: '118\\n'");
    expect(stdout).toMatch(/Done\.\n\d+ tokens in, \d+ out\n$/);
  });

  test("waits beside others of the same reply and beside the model's own calls, and each is answered", async () => {
    const weather = { name: "weather", input_schema: { type: "object" as const } };
    const tools = [CODE, QUERY, weather];
    const west = program('print("W", await query_sales("West"))');
    const both = () => step(west, program('print("E", await query_sales("East"))'), ["weather", {}]);
    server.playSteps(both());
    const asks = await server.client.messages.create({ ...PARAMS, tools, messages: [USER] });
    expect(callsOf(asks).map(({ name, caller }) => [name, caller.type])).toEqual([
      ["weather", "direct"],
      ["query-sales", "code_execution_20260120"],
      ["query-sales", "code_execution_20260120"],
    ]);
    // As many as may be: a third would be one too many for this workspace.
    const other = await server.client.messages.create({ ...PARAMS, tools, messages: [USER] });
    server.playSteps(step());
    expect(ran(other)).toEqual([
      { type: "code_execution_tool_result_error", error_code: "too_many_requests" },
      { type: "code_execution_tool_result_error", error_code: "too_many_requests" },
    ]);
    const results = answer(asks, ({ region }) => (region ? sold({ region }) : { content: "Rain." }));
    const last = await server.client.messages.create({ ...next(asks, results), tools });
    expect(ran(last)).toMatchObject([{ stdout: 'W {"amount":45}\n' }, { stdout: 'E {"amount":38}\n' }]);
    expect(server.engine.turns.at(-1)?.messages.at(-1)).toMatchObject({
      role: "user",
      content: [
        { content: [{ text: "Rain." }] },
        { content: [{ text: 'W {"amount":45}' }] },
        { content: [{ text: 'E {"amount":38}' }] },
      ],
    });
  });

  test("searches and fetches by the server's own tools, in one reply, and what it printed is sealed", async () => {
    const code = `
async def tried(call):
    try:
        return await call
    except ToolError as error:
        return str(error)
(page,) = json.loads(await web_search(query="frogs"))
print(page["title"], page["text"])
print(await tried(web_fetch(url="https://other.example/")), await tried(web_fetch(url=page["url"])))
print(await asyncio.gather(tried(query_sales("West")), *[tried(web_search(query=str(n))) for n in range(10)]))
`;
    const web = { allowed_callers: ["code_execution_20260120" as const] };
    const tools = [
      CODE,
      QUERY,
      { type: "web_search_20260209" as const, name: "web_search" as const, ...web },
      { type: "web_fetch_20260209" as const, name: "web_fetch" as const, ...web },
    ];
    server.playSteps(step(program(code)), step());
    const asks = await server.client.messages.create({ ...PARAMS, tools, messages: [USER] });
    expect(Message.safeParse(asks).error).toBeUndefined();
    const caller = { type: "code_execution_20260120", tool_id: expect.stringMatching(/^srvtoolu_/) as string };
    expect(asks.content.slice(1, 3)).toMatchObject([
      { type: "server_tool_use", name: "web_search", input: { query: "frogs" }, caller },
      { type: "web_search_tool_result", content: [{ url: "https://frogs.example/a" }], caller },
    ]);
    expect(asks.content.at(-1)).toMatchObject({ type: "tool_use", name: "query-sales", caller });
    expect(asks.usage.server_tool_use).toEqual({ web_search_requests: 10, web_fetch_requests: 0 });
    expect(server.engine.turns.at(-1)?.tools.map(({ name }) => name)).not.toContain("web_search");

    const request = { ...next(asks, answer(asks, sold)), tools };
    const last = await server.client.messages.create(request);
    expect(Message.safeParse(last).error).toBeUndefined();
    expect(ran(last)).toEqual([
      {
        type: "encrypted_code_execution_result",
        encrypted_stdout: expect.not.stringContaining("green") as string,
        stderr: "",
        return_code: 0,
        content: [],
      },
    ]);
    const lived = server.engine.turns.at(-1)?.messages;
    const told = JSON.stringify(lived?.at(-1));
    expect(told).toContain("Frogs Frogs are green.\\nurl_not_in_prior_context unavailable");
    expect(told.match(/max_uses_exceeded/g)).toHaveLength(1);

    const messages = [
      ...request.messages,
      { role: "assistant" as const, content: last.content },
      { role: "user" as const, content: "And?" },
    ];
    server.playSteps(step());
    await server.client.messages.create({ ...PARAMS, tools, messages });
    expect(server.engine.turns.at(-1)?.messages.slice(0, 3)).toEqual(lived);
  });

  test("is told of a tool's error and of its own bad input, which the client never sees, and may go on", async () => {
    const code = `
for region in ["South", "West"]:
    try:
        print(await query_sales(region))
    except ToolError as error:
        print(error)
`;
    server.playSteps(step(program(code)), step());
    const asks = await server.client.messages.create({ ...PARAMS, messages: [USER] });
    expect(callsOf(asks).map(({ input }) => input)).toEqual([{ region: "West" }]);
    const broken = answer(asks, () => ({ is_error: true, content: [{ type: "text", text: "the database is down" }] }));
    const last = await server.client.messages.create(next(asks, broken));
    expect(ran(last)).toMatchObject([
      {
        stdout:
          'invalid_tool_input: /region must be equal to one of the allowed values: ["West","East","North"]\nthe database is down\n',
        return_code: 0,
      },
    ]);
    // The same answer again, as after a lost connection, gets the same result.
    server.playSteps(step());
    expect(ran(await server.client.messages.create(next(asks, broken)))).toEqual(ran(last));
  });

  test("that nobody answers is told so in time, and who comes late gets what it came to", async () => {
    const own = await startServer(runnerOf(50));
    try {
      own.playSteps(step(program('try:\n    await query_sales("West")\nfinally:\n    open("over", "w").close()')), step());
      const asks = await own.client.messages.create({ ...PARAMS, messages: [USER] });
      const work = join(folder, asks.container?.id ?? "", WORK_PART);
      await until(() => existsSync(join(work, "over")));
      const last = await own.client.messages.create(next(asks, answer(asks, sold)));
      expect(ran(last)).toMatchObject([
        { return_code: 1, stderr: expect.stringContaining("TimeoutError: Calling tool ['query-sales'] timed out.") as string },
      ]);
      expect(last.stop_reason).toBe("end_turn");
    } finally {
      await own.close();
    }
  });

  test("does not outlive its server, and is nobody else's: the model is told that it took too long", async () => {
    server.playSteps(step(program('print(await query_sales("West"))')), step());
    const asks = await server.client.messages.create({ ...PARAMS, messages: [USER] });
    const tooLong = [{ type: "code_execution_tool_result_error", error_code: "execution_time_exceeded" }];
    server.playSteps(step());
    const theirs = new Anthropic({ apiKey: OTHER_KEY, baseURL: server.url, maxRetries: 0 });
    const request = next(asks, answer(asks, sold));
    expect(ran(await theirs.messages.create({ ...request, container: null }))).toEqual(tooLong);

    const own = await startServer();
    try {
      own.playSteps(step());
      const later = await own.client.messages.create(request);
      expect([ran(later), later.stop_reason, later.container?.id]).toEqual([tooLong, "end_turn", asks.container?.id]);
    } finally {
      await own.close();
    }
    expect(ran(await server.client.messages.create(request))).toMatchObject([{ stdout: '{"amount":45}\n' }]);
  });

  test("that misuses its channel is ended, and the next one runs", { tags: "attack-sandbox" }, async () => {
    const attacks = [
      "import os\nos.write(5, b'no question\\n')\nawait asyncio.sleep(60)",
      "import os\nos.write(5, b'{\"calls\": []}\\n')\nawait asyncio.sleep(60)",
      "import os\nwhile True: os.write(5, b'x' * 65536)",
      'import os\nwhile True: os.write(5, b\'{"calls": [{"id": 1, "name": "rm", "input": {}}]}\\n\')',
    ];
    for (const attack of attacks) {
      server.playSteps(step(program(attack)), step(program("print('next')")), step());
      expect(ran(await server.client.messages.create({ ...PARAMS, messages: [USER] }))).toMatchObject([
        { return_code: 137 },
        { stdout: "next\n" },
      ]);
    }
  });
});

const CALL = { type: "server_tool_use", id: "srvtoolu_1", name: "code_execution", input: { code: "1" } };
const TOOL_USE = {
  type: "tool_use",
  id: "toolu_1",
  name: "query-sales",
  input: {},
  caller: { type: "code_execution_20260120", tool_id: "srvtoolu_1" },
};
const RESULT = { type: "tool_result", tool_use_id: "toolu_1", content: "1" };
const talk = (said: readonly object[], answered: readonly object[]) => ({
  messages: [USER, { role: "assistant", content: said }, { role: "user", content: answered }],
});

test.each<readonly [object, string]>([
  [{ tools: [QUERY] }, "tools.0.custom.allowed_callers: tools can be called from code only where a code execution tool"],
  [{ tools: [{ ...CODE, type: "code_execution_20250522" }, QUERY] }, "tools.1.custom.allowed_callers: tools can be called from"],
  [
    { tools: [CODE, { type: "web_fetch_20250910", name: "web_fetch", allowed_callers: ["code_execution_20260120"] }] },
    "tools.1.web_fetch_20250910.allowed_callers: this tool cannot be called from code",
  ],
  [{ tools: [CODE, { ...QUERY, strict: true }] }, "tools.1.custom.allowed_callers: a strict tool cannot be called from code"],
  [
    { tools: [CODE, { ...QUERY, name: "class" }] },
    "tools.1.custom.allowed_callers: a tool that is called from code needs a name",
  ],
  [{ tools: [CODE, QUERY, { ...QUERY, name: "query_sales" }] }, "tools.1.custom.allowed_callers: two tools that are called from"],
  [
    { tool_choice: { type: "auto", disable_parallel_tool_use: true } },
    "tool_choice.auto.disable_parallel_tool_use: cannot be set where tools are called from code",
  ],
  [
    talk([CALL, TOOL_USE], [RESULT, { type: "text", text: "Go on" }]),
    "messages.2.content.1: while tool uses that code made are pending",
  ],
  [talk([TOOL_USE], [RESULT]), "messages.1.content.0.tool_use.caller.tool_id: no `code_execution` tool use with id `srvtoolu_1`"],
  [
    talk([CALL, { ...TOOL_USE, caller: { type: "direct" } }], [RESULT]),
    "messages.1: `code_execution` tool use with id `srvtoolu_1`",
  ],
  [
    talk(
      [CALL, TOOL_USE],
      [{ ...RESULT, content: [{ type: "search_result", source: "a", title: "b", content: [{ type: "text", text: "c" }] }] }],
    ),
    "messages.2.content.0.tool_result.content.0.search_result: a program is given text alone",
  ],
  [
    { ...talk([CALL, TOOL_USE], [RESULT]), tools: [] },
    "tools: a program waits for these results, and the tools that it was begun with are missing",
  ],
])("what cannot be called from code, or answered, is refused: %j", async (params, text) => {
  const request = server.client.messages.create({ ...PARAMS, messages: [USER], ...params } as never);
  await expect(request).rejects.toMatchObject({
    status: 400,
    error: { error: { message: expect.stringContaining(text) as string } },
  });
});
