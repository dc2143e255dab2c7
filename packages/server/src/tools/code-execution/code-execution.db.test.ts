import Anthropic, { toFile } from "@anthropic-ai/sdk";
import { Message, StreamEvent } from "@parley/wire";
import { execFile } from "node:child_process";
import { lstat, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openFolderBlobStore } from "../../blobs/folder-blob-store.ts";
import { createContainers } from "../../containers/create-containers.ts";
import type { DoorDeps } from "../../doors/exchange.ts";
import { KEY, OTHER_KEY } from "../../doors/testing/start-test-server.ts";
import { createFiles } from "../../files/create-files.ts";
import type { Clock } from "../../platform/clock.ts";
import { createTurnTaker } from "../../platform/take-turns.ts";
import { openSandbox } from "../../sandbox/open-sandbox.ts";
import { openTestStorage } from "../../storage/testing/test-storage.ts";
import type { ServerTools } from "../server-tool.ts";
import { noCode, otherTools } from "../testing/other-tools.ts";
import { startToolServer } from "../testing/start-tool-server.ts";
import { step } from "../testing/step.ts";
import { createWebFetch } from "../web-fetch/create-web-fetch.ts";
import { createWebSearch } from "../web-search/create-web-search.ts";
import { createCodeExecution } from "./create-code-execution.ts";
import { createCodeRunner } from "./create-code-runner.ts";

const MIB = 1024 ** 2;
const LIMITS = { timeoutMs: 5_000, memoryBytes: 500 * MIB, processes: 32, diskBytes: 100 * MIB, diskEntries: 2_000 };
const PYTHON = { type: "code_execution_20250522", name: "code_execution" } as const;
const SHELL = { type: "code_execution_20250825", name: "code_execution" } as const;

const dataDir = await mkdtemp(join(tmpdir(), "parley-code-"));
const { sandbox, ...why } = await openSandbox(dataDir, LIMITS);
if (sandbox === null) process.stdout.write(`No sandbox here, so only its absence is tested: ${JSON.stringify(why)}\n`);

let nowMs = Date.now();
const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => performance.now() };
const storage = await openTestStorage();
const blobs = await openFolderBlobStore(join(storage.dataDir, "blobs"));
const files = createFiles({ storage, blobs, clock, quotaBytes: 500 * MIB });
const folder = join(dataDir, "containers");
const containers = createContainers({ storage, clock, folder, lifeDays: 30 });

type Server = Awaited<ReturnType<typeof startToolServer>>;
let server: Server;
let client: Anthropic;
beforeAll(async () => {
  server = await startServer({ ...noCode, sandbox, containers, files, timeoutMs: LIMITS.timeoutMs, concurrency: 2 });
  client = server.client;
});
afterAll(async () => {
  await server?.close();
  await storage.close();
  await rm(dataDir, { recursive: true, force: true });
});

function startServer(code: typeof noCode, deps: Partial<DoorDeps> = {}): Promise<Server> {
  const egress = () => Promise.reject(new Error("nothing is fetched here"));
  const tools: ServerTools = {
    web_search: createWebSearch({ provider: null, resultsMax: 1, pageMaxCharacters: 1, seal: () => "" }),
    web_fetch: createWebFetch({ egress, turns: createTurnTaker(2), clock, isEnabled: false, contentMaxTokens: 100 }),
    ...otherTools,
    ...createCodeExecution(createCodeRunner(code), code),
  };
  return startToolServer(tools, {}, { files, containers, ...deps });
}

type Params = Partial<Anthropic.Beta.MessageCreateParamsNonStreaming>;
const PARAMS = { model: "claude-haiku-4-5", max_tokens: 1000, messages: [{ role: "user" as const, content: "Go" }] };

/** What a reply holds whose model makes the calls, one step each, and then ends. */
async function ask(calls: readonly (readonly [name: string, input: object])[], params: Params = {}, by = client) {
  server.playSteps(...calls.map((call) => step(call)), step());
  return by.beta.messages.create({ ...PARAMS, tools: [PYTHON], ...params });
}
const python = (code: string) => ["code_execution", { code }] as const;
const bash = (command: string) => ["bash_code_execution", { command }] as const;
const edit = (input: object) => ["text_editor_code_execution", input] as const;

/** The contents of the results, in their order. */
const results = (message: Pick<Anthropic.Beta.BetaMessage, "content">) =>
  message.content.flatMap((block) =>
    block.type.endsWith("code_execution_tool_result") && "content" in block ? [block.content] : [],
  );
const upload = async (name: string, text: string) =>
  client.beta.files.upload({ file: await toFile(Buffer.from(text), name, { type: "text/csv" }) });
const said = (message: Anthropic.Beta.BetaMessage) => (results(message)[0] as { stdout?: string }).stdout;

test("without a sandbox the result is the unavailable error, and the reply goes on", async () => {
  const own = await startServer({ ...noCode, containers, files });
  try {
    own.playSteps(step(python("print(1)")), step());
    const message = await own.client.beta.messages.create({ ...PARAMS, tools: [PYTHON] });
    expect(results(message)).toEqual([{ type: "code_execution_tool_result_error", error_code: "unavailable" }]);
    own.playSteps(step(bash("ls")), step(edit({ command: "view", path: "." })), step());
    expect(results(await own.client.beta.messages.create({ ...PARAMS, tools: [SHELL] }))).toEqual([
      { type: "bash_code_execution_tool_result_error", error_code: "unavailable" },
      { type: "text_editor_code_execution_tool_result_error", error_code: "unavailable", error_message: null },
    ]);
    expect([message.stop_reason, message.container]).toEqual(["end_turn", null]);
  } finally {
    await own.close();
  }
});

const CHART = `
import csv, struct, zlib
rows = list(csv.DictReader(open("sales.csv")))
total = sum(int(row["amount"]) for row in rows)
print(total)
width = height = 8
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
pixels = b"".join(b"\\0" + b"\\x20\\x80\\xf0" * width for _ in range(height))
png = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
open("chart.png", "wb").write(png + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b""))
`;
const CSV = "month,amount\nJan,10\nFeb,32\n";

describe.skipIf(sandbox === null)("code", () => {
  test("reads an uploaded table and leaves a picture that downloads, in a container that is there again", async () => {
    const table = await upload("sales.csv", CSV);
    const content = [
      { type: "text" as const, text: "Draw a chart." },
      { type: "container_upload" as const, file_id: table.id },
    ];
    const message = await ask([python(CHART)], { messages: [{ role: "user", content }] });
    expect(Message.safeParse(message).error).toBeUndefined();
    const [ran] = results(message);
    expect(ran).toEqual({
      type: "code_execution_result",
      stdout: "42\n",
      stderr: "",
      return_code: 0,
      content: [{ type: "code_execution_output", file_id: expect.stringMatching(/^file_/) as string }],
    });
    // What the model read of the upload, and of the result.
    expect(server.engine.turns.at(-2)?.messages[0]?.content[1]).toEqual({
      type: "text",
      text: "[The user uploaded the file sales.csv to the working folder.]",
    });
    const id = (ran as Anthropic.Beta.BetaCodeExecutionResultBlock).content[0]?.file_id ?? "";
    expect(await client.beta.files.retrieveMetadata(id)).toMatchObject({
      filename: "chart.png",
      mime_type: "image/png",
      downloadable: true,
    });
    const png = Buffer.from(await (await client.beta.files.download(id)).arrayBuffer());
    expect([png.subarray(0, 8).toString("latin1"), png.readUInt32BE(16)]).toEqual(["\x89PNG\r\n\x1a\n", 8]);

    const { container } = message;
    expect(container).toEqual({
      id: expect.stringMatching(/^container_01/) as string,
      expires_at: expect.any(String) as string,
      skills: null,
    });
    expect(Date.parse(container?.expires_at ?? "")).toBe(nowMs + 30 * 86_400_000);
    // The same upload again does not undo what was made of the file.
    const later = await ask([python("print(open('sales.csv').read()); open('sales.csv', 'w').write('changed')")], {
      container: container?.id ?? null,
      messages: [{ role: "user", content }],
    });
    expect(said(later)).toBe(`${CSV}\n`);
    const last = await ask([python("print(open('sales.csv').read())")], {
      container: { id: container?.id ?? "" },
      messages: [{ role: "user", content }],
    });
    expect([said(last), last.container]).toEqual(["changed\n", container]);
  });

  test("is found by the example as the guide tells it", async () => {
    const own = await mkdtemp(join(tmpdir(), "parley-example-"));
    try {
      await writeFile(join(own, "sales.csv"), CSV);
      server.playSteps(step(python(CHART)), step());
      const example = join(import.meta.dirname, "../../../../../examples/typescript/code-execution.ts");
      const env = { PATH: process.env["PATH"], ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: KEY };
      const { stdout } = await promisify(execFile)(process.execPath, [example, "sales.csv"], { env, cwd: own });
      expect(stdout).toContain("42\n\nsaved chart.png\nDone.\n");
      expect((await readFile(join(own, "chart.png"))).subarray(1, 4).toString()).toBe("PNG");
    } finally {
      await rm(own, { recursive: true, force: true });
    }
  });

  test("runs by the shell and is written by the editor, as the later dates have it", async () => {
    const message = await ask(
      [
        edit({ command: "create", path: "notes/a.py", file_text: "x = 1\nprint(x)\n" }),
        edit({ command: "str_replace", path: "notes/a.py", old_str: "x = 1", new_str: "x = 6\nx *= 7" }),
        edit({ command: "view", path: "/mnt/user-data/notes/a.py", view_range: [2, 3] }),
        bash("python3 notes/a.py; echo oops >&2; exit 3"),
        edit({ command: "view", path: "none.txt" }),
        edit({ command: "str_replace", path: "notes/a.py", old_str: "x", new_str: "y" }),
        edit({ command: "delete", path: "notes/a.py" }),
      ],
      { tools: [SHELL], tool_choice: { type: "tool", name: "code_execution" } },
    );
    expect(Message.safeParse(message).error).toBeUndefined();
    expect(results(message)).toEqual([
      { type: "text_editor_code_execution_create_result", is_file_update: false },
      {
        type: "text_editor_code_execution_str_replace_result",
        lines: ["-x = 1", "+x = 6", "+x *= 7"],
        old_start: 1,
        old_lines: 1,
        new_start: 1,
        new_lines: 2,
      },
      {
        type: "text_editor_code_execution_view_result",
        file_type: "text",
        content: "x *= 7\nprint(x)",
        num_lines: 2,
        start_line: 2,
        total_lines: 3,
      },
      { type: "bash_code_execution_result", stdout: "42\n", stderr: "oops", return_code: 3, content: [] },
      {
        type: "text_editor_code_execution_tool_result_error",
        error_code: "file_not_found",
        error_message: "There is no file at /mnt/user-data/none.txt.",
      },
      {
        type: "text_editor_code_execution_tool_result_error",
        error_code: "invalid_tool_input",
        error_message: "old_str must stand in the file exactly once; it stands there 3 times.",
      },
      { type: "text_editor_code_execution_tool_result_error", error_code: "invalid_tool_input", error_message: null },
    ]);
    const [first] = server.engine.turns.slice(-8);
    expect(first?.tools.map(({ name }) => name)).toEqual(["bash_code_execution", "text_editor_code_execution"]);
    expect(first?.toolChoice).toMatchObject({ type: "tool", name: "bash_code_execution" });

    // Sent back, the model sees the same conversation again.
    const lived = server.engine.turns.at(-1)?.messages;
    server.playSteps(step());
    await client.beta.messages.create({
      ...PARAMS,
      tools: [SHELL],
      messages: [...PARAMS.messages, { role: "assistant", content: message.content as never }, { role: "user", content: "And?" }],
    });
    const again = server.engine.turns.at(-1)?.messages;
    expect(again?.slice(0, lived?.length)).toEqual(lived);
  });

  test("streams its result whole, and tells its container at the end", async () => {
    server.playSteps(step(python("print(6 * 7)")), step());
    const stream = client.beta.messages.stream({ ...PARAMS, tools: [PYTHON] });
    const seen: string[] = [];
    for await (const event of stream) {
      expect(StreamEvent.safeParse(event).error).toBeUndefined();
      if (event.type === "content_block_start") seen.push(event.content_block.type);
      if (event.type === "message_start") seen.push(event.message.container?.id ?? "none yet");
      if (event.type === "message_delta") seen.push(event.delta.container?.id.slice(0, 12) ?? "none");
    }
    expect(seen).toEqual(["none yet", "server_tool_use", "code_execution_tool_result", "text", "container_01"]);
    expect((await stream.finalMessage()).container).toMatchObject({ skills: null });
  });

  test("that fails or takes too long is told so, and the next call runs in the same container", async () => {
    const message = await ask([
      python("open('kept', 'w').write('kept')\nraise ValueError('no')"),
      python("while True: pass"),
      python(""),
      python("print(open('kept').read())"),
    ]);
    expect(results(message)).toMatchObject([
      {
        return_code: 1,
        stderr: expect.stringContaining("ValueError: no") as string,
        content: [{ file_id: expect.any(String) as string }],
      },
      { error_code: "execution_time_exceeded" },
      { error_code: "invalid_tool_input" },
      { stdout: "kept\n", return_code: 0 },
    ]);
  });

  test("that leaves files which are too large or too many is told which the user gets", { tags: "attack-sandbox" }, async () => {
    const many = await ask([python("for i in range(23): open(f'f{i:02}', 'w').write('x')")]);
    expect(results(many)).toMatchObject([
      { stderr: "Of 23 files the first 20 are given to the user: put the others into an archive." },
    ]);
    const large = "head -c 40M /dev/zero > large.bin; echo kept";
    const shell = await ask([bash(large)], { tools: [SHELL] });
    expect(results(shell)).toMatchObject([{ error_code: "output_file_too_large" }]);
    const own = await ask([python(`import os; os.system(${JSON.stringify(large)})`)]);
    expect(results(own)).toMatchObject([
      { stdout: "kept\n", stderr: "large.bin is not given to the user: it is larger than 32 MB.", content: [] },
    ]);
  });

  test("gets no file of the host by a link, neither in nor out", { tags: "attack-sandbox" }, async () => {
    const secret = join(dataDir, "secret.txt");
    await writeFile(secret, "a secret of the host", { mode: 0o666 });
    const links = `
import os
os.symlink(${JSON.stringify(secret)}, "sales.csv")
os.symlink(${JSON.stringify(dataDir)}, "folder")
os.symlink("../../../../../../etc/passwd", "..passwd")
os.mkfifo("pipe")
open("...", "w").write("dots")
`;
    const first = await ask([python(links)]);
    expect((results(first)[0] as { content: unknown[] }).content).toHaveLength(0);
    const table = await upload("sales.csv", CSV);
    const content = [{ type: "container_upload" as const, file_id: table.id }];
    const container = first.container?.id ?? "";
    const second = await ask([python("print(open('sales.csv').read(), end='')")], {
      container,
      messages: [{ role: "user", content }],
    });
    expect([said(second), await readFile(secret, "utf8")]).toEqual([CSV, "a secret of the host"]);
    const edited = await ask(
      [edit({ command: "view", path: "folder/secret.txt" }), edit({ command: "create", path: "../../etc/x", file_text: "x" })],
      { container, tools: [SHELL] },
    );
    expect(results(edited)).toMatchObject([{ error_code: "file_not_found" }, { error_code: "invalid_tool_input" }]);
  });

  test("of two uploads with one name, both are there under names of their own", async () => {
    const [one, two] = [await upload("t.csv", "one"), await upload("t.csv", "two")];
    const content = [one, two, one].map(({ id }) => ({ type: "container_upload" as const, file_id: id }));
    const message = await ask([python("print(open('t.csv').read(), open('t (2).csv').read())")], {
      messages: [{ role: "user", content }],
    });
    expect(said(message)).toBe("one two\n");
  });

  test("calls made together run one after the other in one container", async () => {
    const count =
      "n = int(open('n').read()) if __import__('os').path.exists('n') else 0\nopen('n', 'w').write(str(n + 1))\nprint(n)";
    server.playSteps(step(python(count), python(count), python(count)), step());
    const message = await client.beta.messages.create({ ...PARAMS, tools: [PYTHON] });
    expect(results(message).map((each) => (each as { stdout: string }).stdout)).toEqual(["0\n", "1\n", "2\n"]);
    expect(await readdir(folder)).toContain(message.container?.id);
  });

  test(
    "a container of another workspace, one that never was and one that has expired are told apart by nobody",
    { tags: "attack-sandbox" },
    async () => {
      const { container } = await ask([python("print(1)")]);
      const theirs = new Anthropic({ apiKey: OTHER_KEY, baseURL: server.url, maxRetries: 0 });
      const never = "container_011111111111111111111111";
      const error = async (id: string, by: Anthropic) =>
        ask([], { container: id }, by).then(
          () => null,
          (failure: unknown) => failure as { status: number; error: { error: { type: string; message: string } } },
        );
      for (const [id, by] of [
        [container?.id ?? "", theirs],
        [never, client],
        ["../../etc", client],
      ] as const) {
        expect(await error(id, by)).toMatchObject({
          status: 404,
          error: { error: { type: "not_found_error", message: `Container not found: ${id}` } },
        });
      }
      expect(await error(container?.id ?? "", client)).toBeNull();
      const before = nowMs;
      nowMs += 30 * 86_400_000;
      try {
        expect(await error(container?.id ?? "", client)).toMatchObject({ status: 404 });
        await containers.sweep();
        expect(await readdir(folder)).toEqual([]);
      } finally {
        nowMs = before;
      }
    },
  );

  test("all containers of a workspace go with its content, also what a program locked away", async () => {
    const { container } = await ask([
      python("import os; os.makedirs('a/b'); open('a/b/c', 'w'); os.chmod('a/b', 0); os.chmod('a', 0)"),
    ]);
    await containers.removeAll("wrkspc_1");
    await expect(lstat(join(folder, container?.id ?? ""))).rejects.toThrow("ENOENT");
    await expect(ask([], { container: container?.id ?? "" })).rejects.toMatchObject({ status: 404 });
  });
});

test("a workspace that keeps nothing has no containers", async () => {
  const own = await startServer(noCode, { dataPolicy: KEEPS_NOTHING });
  try {
    await expect(own.client.beta.messages.create({ ...PARAMS, tools: [PYTHON] })).rejects.toMatchObject({
      status: 400,
      error: {
        error: {
          message: "Containers are not available in a workspace with zero data retention: their content would have to be stored.",
        },
      },
    });
  } finally {
    await own.close();
  }
});

const KEEPS_NOTHING = { keepsNothing: async () => true, requireStorage: async () => {}, forget() {} };
