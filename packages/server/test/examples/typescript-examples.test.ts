import { execFile } from "node:child_process";
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
