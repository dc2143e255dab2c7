import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { readLedger } from "../support/read-ledger.ts";
import { type Block, runClaudeCode } from "../support/run-claude-code.ts";
import { LARGE, type RunningParley, startParley } from "../support/start-parley.ts";

/** Greedy, so that a run is like another on the same machine. */
const ENV = { PARLEY_DEFAULT_TEMPERATURE: "0" };

let folder: string;
beforeAll(async () => {
  // The client tells the model where it is, and a random name would make each run another.
  folder = join(tmpdir(), "parley-claude-code");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  await writeFile(join(folder, "notes.txt"), "The meeting is at noon on Friday.\nBring the blue folder.\n");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** With its Read tool only, and without its own system prompt, which is minutes of prefill on two cores. */
const converse = (parley: RunningParley, prompt: string, turns: number): Promise<Block[]> =>
  runClaudeCode(parley, folder, [
    "--print",
    prompt,
    "--max-turns",
    String(turns),
    "--tools",
    "Read",
    "--allowedTools",
    "Read",
    "--system-prompt",
    "You answer questions about files. Read a file with the Read tool before you answer.",
  ]);

/** Whether so small a model calls at once depends on the last digits of sums, which differ from one processor to the next. */
const REQUESTS = [
  "Read notes.txt and tell me when the meeting is.",
  "Use the Read tool on notes.txt, then tell me when the meeting is.",
  "Call the tool Read with the path of notes.txt. Do nothing before that.",
];

// What a small model then says of the file is not reliable, so it is not asserted.
test("Claude Code reads a file with its tool; the second turn, and a conversation after a restart, read the cache", async () => {
  const first = await startParley({ model: LARGE, env: ENV });
  onTestFinished(() => first[Symbol.asyncDispose]());
  const { dataDir, apiKey } = first;
  const said: Block[][] = [];
  const called = () => said.at(-1)?.find(({ type }) => type === "tool_use");
  for (const request of REQUESTS) {
    said.push(await converse(first, request, 2));
    if (called()) break;
  }
  await first.stop();
  expect(called(), `${JSON.stringify(said)}\n${first.log()}`).toMatchObject({
    name: "Read",
    input: { file_path: join(folder, "notes.txt") },
  });
  expect(JSON.stringify(said.at(-1)?.find(({ type }) => type === "tool_result")?.content)).toContain(
    "The meeting is at noon on Friday.",
  );

  const second = await startParley({ model: LARGE, env: ENV, dataDir, apiKey });
  onTestFinished(() => second[Symbol.asyncDispose]());
  await converse(second, "Which folder do I have to bring? It is in notes.txt.", 1);
  await second.stop();
  const rows = await readLedger(dataDir);
  // One for each request, one with the tool's result, and one behind the restart.
  expect(rows.map(({ outcome }) => outcome)).toEqual(Array.from({ length: said.length + 2 }, () => null));
  const turns = rows.map((row) => ({
    read: row.cache_read_tokens,
    prompt: row.input_tokens + row.cache_read_tokens + row.cache_write_tokens,
  }));
  expect(turns[0]?.read).toBe(0);
  const [asked, answered, next] = turns.slice(-3);
  // All but the few tokens behind the breakpoint on the question.
  expect(answered?.read).toBeGreaterThan((asked?.prompt ?? Infinity) - 32);
  // Tools and system are the same; the question is not.
  expect(next?.read).toBeGreaterThan((asked?.prompt ?? Infinity) / 2);
}, 900_000);
