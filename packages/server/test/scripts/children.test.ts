import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { isRunning } from "../support/processes.ts";

test("a script that is told to stop ends what it has started, and what that has started", async () => {
  const script = spawn(process.execPath, [join(import.meta.dirname, "__fixtures__/start-child.mjs")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: script.stdout }), "line")) as [string];
  const started = line.split(" ").map(Number);
  expect(started.map(isRunning)).toEqual([true, true]);
  script.kill("SIGTERM");
  expect(await once(script, "exit")).toEqual([143, null]);
  expect(started.map(isRunning)).toEqual([false, false]);
});
