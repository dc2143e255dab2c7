import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  createScriptedEngine,
  end,
  HELLO,
  scripted,
  start,
  textBlock,
  toolBlock,
} from "../../src/doors/testing/scripted-engine.ts";
import { KEY, startTestServer, type TestServer } from "../../src/doors/testing/start-test-server.ts";
import { createModelRegistry } from "../../src/models/model-registry.ts";
import { step } from "../../src/tools/testing/mcp-steps.ts";
import { bareTools } from "../../src/tools/testing/other-tools.ts";
import { startToolServer } from "../../src/tools/testing/start-tool-server.ts";

const folder = join(import.meta.dirname, "../../../../examples/typescript");
let server: TestServer;

beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.close());

const environmentOf = ({ url }: { readonly url: string }) => ({
  PATH: process.env["PATH"] ?? "",
  ANTHROPIC_BASE_URL: url,
  ANTHROPIC_API_KEY: KEY,
});

/** What the example prints, run as the README says, against a server with a scripted engine. */
async function run(example: string, ...arguments_: readonly string[]): Promise<string> {
  const env = environmentOf(server);
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, example), ...arguments_], { env });
  return stdout;
}

test("chat.ts prints the text as it streams", async () => {
  server.engine.play(scripted(HELLO));
  expect(await run("chat.ts", "Hi")).toMatch(/^Hello\n\d+ tokens in, \d+ out, end_turn\n$/);
});

test("tool-runner.ts runs its tool and prints the answer", async () => {
  server.engine.play(async function* (turn) {
    const answered = turn.messages.some(({ content }) => content.some((block) => block.type === "tool_result"));
    yield* answered
      ? [start, ...textBlock(0, "7777"), end()]
      : [start, ...toolBlock(0, "add", '{"a": 2345, ', '"b": 5432}'), end({ stopReason: "tool_use" })];
  });
  expect(await run("tool-runner.ts")).toBe("add(2345, 5432)\n7777\n");
});

test("structured-output.ts prints the parsed object", async () => {
  server.engine.play(scripted([start, ...textBlock(0, '{"name":"Jane Doe","age":42,"city":"Rome"}'), end()]));
  expect(await run("structured-output.ts")).toBe("{ name: 'Jane Doe', age: 42, city: 'Rome' }\n");
});

test("caching.ts marks its system prompt and prints the usage of both calls", async () => {
  expect((await run("caching.ts")).match(/written \d+, read \d+, plain \d+/g)).toHaveLength(2);
  expect(server.engine.turns.map(({ system }) => system[0]?.cacheTtl)).toEqual(["5m", "5m"]);
});

/** A model that makes one call after the other, and ends. */
function callsOf(name: string, ...inputs: readonly object[]): Parameters<TestServer["engine"]["play"]>[0] {
  return async function* (turn) {
    const made = turn.messages.flatMap(({ content }) => content.filter((block) => block.type === "tool_use")).length;
    const input = inputs[made];
    yield* input
      ? [
          start,
          { type: "block-start", index: 0, block: { type: "tool_use", id: `toolu_${made}`, name } } as const,
          { type: "input-json-delta", index: 0, partialJson: JSON.stringify(input) } as const,
          { type: "block-stop", index: 0 } as const,
          end({ stopReason: "tool_use" }),
        ]
      : [start, ...textBlock(0, "Done."), end()];
  };
}

const resultsOf = ({ engine }: TestServer): string =>
  JSON.stringify(engine.turns.at(-1)?.messages.flatMap(({ content }) => content.filter((block) => block.type === "tool_result")));

test("text-editor.ts edits files in its folder, and none outside it", async () => {
  const place = await mkdtemp(join(tmpdir(), "parley-example-"));
  await symlink("/etc", join(place, "out"));
  server.engine.play(
    callsOf(
      "str_replace_based_edit_tool",
      { command: "create", path: "/a/hello.txt", file_text: "one\ntwo" },
      { command: "str_replace", path: "a/hello.txt", old_str: "two", new_str: "three" },
      { command: "insert", path: "a/hello.txt", insert_line: 0, insert_text: "zero" },
      { command: "view", path: "a/hello.txt" },
      { command: "view", path: "../../etc/passwd" },
      { command: "create", path: "out/parley.txt", file_text: "x" },
    ),
  );
  expect(await run("text-editor.ts", place, "Go.")).toMatch(/^create \/a\/hello\.txt\n[^]*Done\.\n$/);
  expect(await readFile(join(place, "a/hello.txt"), "utf8")).toBe("zero\none\nthree");
  expect(resultsOf(server)).toContain("1\\tzero\\n2\\tone\\n3\\tthree");
  expect(resultsOf(server).match(/is outside the folder/g)).toHaveLength(2);
  await rm(place, { recursive: true });
});

test("memory.ts keeps what it is told in its folder", { timeout: 30_000 }, async () => {
  const place = await mkdtemp(join(tmpdir(), "parley-example-"));
  const path = "/memories/colour.md";
  server.engine.play(callsOf("memory", { command: "create", path, file_text: "green" }, { command: "view", path }));
  expect(await run("memory.ts", place, "Remember green.")).toBe("Done.\n");
  expect(resultsOf(server)).toContain("green");
  server.engine.play(callsOf("memory", { command: "view", path }));
  await run("memory.ts", place, "Which colour?");
  expect(resultsOf(server)).toContain("green");
  await rm(place, { recursive: true });
});

test("bash.ts keeps one shell, and runs nothing that its user does not allow", async () => {
  const place = await mkdtemp(join(tmpdir(), "parley-example-"));
  server.engine.play(
    callsOf(
      "bash",
      { command: "cd /tmp && NAME=frog" },
      { command: 'echo "$NAME at $PWD"; false' },
      { command: `touch ${place}/made` },
      { restart: true },
      { command: 'echo "[$NAME]"' },
    ),
  );
  const child = spawn(process.execPath, [join(folder, "bash.ts"), place, "Go."], { env: environmentOf(server) });
  child.stdin.end("y\ny\nn\ny\n");
  await once(child, "exit");
  const results = resultsOf(server);
  expect(results).toContain("frog at /tmp\\n(exit code 1)");
  expect(results).toContain("the user did not allow this command");
  expect(results).toContain("[]\\n(exit code 0)");
  expect(await readdir(place)).toEqual([]);
  await rm(place, { recursive: true });
});

test("computer-use.ts takes screenshots and acts by xdotool; the model reads where each text stands", async () => {
  const place = await mkdtemp(join(tmpdir(), "parley-example-"));
  const picture = join(import.meta.dirname, "../../src/documents/__fixtures__/invoice.png");
  // What the programs would do to a display, written down.
  await writeFile(join(place, "maim"), `#!/bin/sh\necho maim "$@" >> ${place}/log\ncat ${picture}\n`, { mode: 0o755 });
  await writeFile(join(place, "xdotool"), `#!/bin/sh\necho xdotool "$@" >> ${place}/log\n`, { mode: 0o755 });
  const seeing = await startToolServer(
    bareTools,
    {},
    { models: createModelRegistry({ mapping: { sonnet: "tiny" }, vision: "ocr", engine: createScriptedEngine() }) },
  );
  seeing.playSteps(
    step("", ["computer_screenshot", {}]),
    step("", ["computer_left_click", { coordinate: [30, 40] }]),
    step("", ["computer_type", { text: "hello" }]),
    step("", ["computer_zoom", { region: [100, 200, 300, 400] }]),
    step("Done."),
  );
  const env = { ...environmentOf(seeing), PATH: `${place}:${process.env["PATH"]}` };
  const child = spawn(process.execPath, [join(folder, "computer-use.ts"), "Go."], { env });
  child.stdin.end("y\n");
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(await readFile(join(place, "log"), "utf8")).toBe(
    "maim\nxdotool mousemove --sync 30 40 click 1\nxdotool type --delay 20 -- hello\nmaim -g 200x200+100+200\n",
  );
  const screens = JSON.stringify(seeing.engine.turns.at(-1)?.messages).match(/\[\d+, \d+\] [^\\]*(?:48213|euros)/g) ?? [];
  expect(screens).toHaveLength(4);
  // What was enlarged is told in pixels of the whole screen.
  const [x = 0, y = 0] = JSON.parse(/\[.*?\]/.exec(screens[2] ?? "")?.[0] ?? "[]") as number[];
  expect([x > 100 && x < 300, y > 200 && y < 400]).toEqual([true, true]);
  await seeing.close();
  await rm(place, { recursive: true });
});

test("long-conversation.ts prints the edits that keep it within the window", async () => {
  server.engine.play(callsOf("read_log", { day: 1 }, { day: 2 }, { day: 3 }));
  expect(await run("long-conversation.ts")).toMatch(/^read_log \{"day":1\}\n {2}\d+ tokens read; \[[^]*Done\.\n/);
});
