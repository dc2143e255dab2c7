// A server that dies: runs a program that never ends, says that it has begun, and waits to be killed.
import { openSandbox } from "../open-sandbox.ts";

const [dataDir, folder, marker] = process.argv.slice(2) as [string, string, string];
const opened = await openSandbox(dataDir, {
  timeoutMs: 60_000,
  memoryBytes: 200 * 1024 ** 2,
  processes: 24,
  diskBytes: 20 * 1024 ** 2,
  diskEntries: 1_000,
});
if (opened.sandbox === null) throw new Error("no sandbox");
const signal = new AbortController().signal;
await opened.sandbox.run({ folder, userId: 1_234_567_890, command: ["bash", "-c", `touch begun; exec sleep ${marker}`] }, signal);
