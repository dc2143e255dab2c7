import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HALF, type RunningParley, startParley } from "../support/start-parley.ts";

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, "python-sdk.py");

let parley: RunningParley;
beforeAll(async () => {
  parley = await startParley({ model: HALF });
});
afterAll(async () => {
  await parley?.[Symbol.asyncDispose]();
});

// The newest speaks 2026-10-21 with a bearer token, the older one 2023-06-01 with x-api-key.
describe.each(["2.12.0", "0.79.0"])("the Python SDK %s", (version) => {
  const found = new Map<string, unknown>();
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "parley-python-"));
    await run("python3", ["-m", "venv", folder]);
    await run(join(folder, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", `anthropic==${version}`]);
    const { stdout } = await run(join(folder, "bin/python"), [SCRIPT, parley.url], {
      env: { ...process.env, PARLEY_KEY: parley.apiKey },
    });
    for (const line of stdout.trim().split("\n")) {
      const { check, found: value } = JSON.parse(line) as { check: string; found: unknown };
      found.set(check, value);
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each<[string, unknown]>([
    ["create", { text: expect.stringContaining("Paris"), model: "claude-opus-4-6", stop_reason: "end_turn" }],
    ["stream", { first: "message_start", last: "message_stop", same: true, stop_reason: "end_turn" }],
    ["models", { many: true, unique: true, has: true, id: "claude-haiku-4-5-20251001" }],
    // How well so small a model words a result is not the SDK's matter.
    ["tool_runner", { seen: [2345, 5432], stop_reason: expect.stringMatching(/^(end_turn|tool_use)$/) }],
    ["parse", { name: "Jane Doe", age: 42, city: "Rome" }],
    ["caching", { written: true, read_first: 0, read_all: true, written_again: 0 }],
    [
      "thinking",
      {
        type: "thinking",
        signed: true,
        again: "assistant",
        forged: refused("BadRequestError", 400, "invalid_request_error", /Invalid `signature` in `thinking` block/),
      },
    ],
    [
      "batches",
      {
        begun: "in_progress",
        counts: [1, 1],
        good: ["succeeded", "batch"],
        bad: ["errored", "not_found_error"],
        listed: true,
        deleted: "message_batch_deleted",
        after: refused("NotFoundError", 404, "not_found_error", /Message Batch not found/),
        twice: refused("BadRequestError", 400, "invalid_request_error", /requests\.1\.custom_id/),
      },
    ],
    [
      "files",
      {
        file: ["note.txt", "text/plain", 26],
        answered: "assistant",
        same: true,
        listed: true,
        // The newest has a class of its own for it.
        download: refused(
          version === "0.79.0" ? "BadRequestError" : "FileNotDownloadableError",
          400,
          "invalid_request_error",
          /is not downloadable/,
        ),
        deleted: "file_deleted",
        after: refused("NotFoundError", 404, "not_found_error", /File not found/),
      },
    ],
    ["abort", {}],
    [
      "errors",
      {
        key: refused("AuthenticationError", 401, "authentication_error", /invalid x-api-key/),
        model: refused("NotFoundError", 404, "not_found_error", /model: gpt-4/),
        body: refused("BadRequestError", 400, "invalid_request_error", /messages: at least one message is required/),
        long: refused("BadRequestError", 400, "invalid_request_error", /prompt is too long: \d+ tokens > \d+ maximum/),
      },
    ],
  ])("%s", (check, expected) => {
    expect(found.get(check)).toEqual(expected);
  });

  test("count_tokens is what a message of the same request uses", () => {
    const { counted, used } = found.get("count_tokens") as { counted: number; used: number };
    expect(counted).toBeGreaterThan(20);
    expect(used).toBe(counted);
  });

  test("an aborted stream has stopped the engine", async () => {
    await expect
      .poll(async () => (await fetch(`${parley.url}/metrics`)).text(), { timeout: 10_000 })
      .toMatch(/parley_turns_running 0/);
  });
});

/** What the script tells of an error: class, status, type, message, and that it has a request id. */
function refused(name: string, status: number, type: string, message: RegExp): unknown {
  return [name, status, type, expect.stringMatching(message), true];
}
