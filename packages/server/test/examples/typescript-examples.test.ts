import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { end, HELLO, scripted, start, textBlock, toolBlock } from "../../src/doors/testing/scripted-engine.ts";
import { KEY, startTestServer, type TestServer } from "../../src/doors/testing/start-test-server.ts";

const folder = join(import.meta.dirname, "../../../../examples/typescript");
let server: TestServer;

beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.close());

/** What the example prints, run as the README says, against a server with a scripted engine. */
async function run(example: string, ...arguments_: readonly string[]): Promise<string> {
  const env = { PATH: process.env["PATH"], ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: KEY };
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
