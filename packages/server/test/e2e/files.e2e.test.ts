import Anthropic from "@anthropic-ai/sdk";
import { openAsBlob, readFileSync } from "node:fs";
import { mkdtemp, open, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type RunningParley, SMALL, startParley } from "../support/start-parley.ts";

const MEGABYTE = 1024 * 1024;
const SIZE_BYTES = 300 * MEGABYTE;

let parley: RunningParley;
beforeAll(async () => {
  parley = await startParley({ model: SMALL });
});
afterAll(async () => {
  await parley?.[Symbol.asyncDispose]();
});

/** The most that the process has held so far. */
function peakBytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

test("a file of 300 MB is stored in constant memory and deleted from the disk", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-large-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "large.bin");
  const sparse = await open(path, "w");
  await sparse.truncate(SIZE_BYTES);
  await sparse.close();
  const client = new Anthropic({ baseURL: parley.url, apiKey: parley.apiKey, maxRetries: 0 });
  // What a first small one costs (code, buffers) is not this one's.
  await client.files.delete((await client.files.upload({ file: new File(["x"], "small.txt") })).id);
  const pid = parley.child.pid ?? 0;
  const beforeBytes = peakBytes(pid);
  const begunAtMs = performance.now();
  const file = await client.files.upload({ file: new File([await openAsBlob(path)], "large.bin") });
  const tookMs = performance.now() - begunAtMs;
  const grownBytes = peakBytes(pid) - beforeBytes;
  process.stdout.write(
    `300 MB uploaded in ${(tookMs / 1_000).toFixed(1)} s; the server's peak grew by ${Math.round(grownBytes / MEGABYTE)} MB\n`,
  );
  expect(file).toMatchObject({ size_bytes: SIZE_BYTES, filename: "large.bin", mime_type: "application/octet-stream" });
  expect(grownBytes).toBeLessThan(100 * MEGABYTE);
  await client.files.delete(file.id);
  const left = await readdir(join(parley.dataDir, "blobs"), { recursive: true, withFileTypes: true });
  expect(left.filter((entry) => entry.isFile())).toEqual([]);
});
