import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readIntactSnapshot, sealSnapshot } from "./snapshot-file.ts";

let folder: string;
let file: string;
let sealedBytes: number;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-snapshot-"));
  file = join(folder, "sealed.kv");
  await writeFile(file, Buffer.alloc(100_000, "state"));
  sealedBytes = await sealSnapshot(file, { fingerprint: "weights-a", tokens: 42 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a sealed file is intact for its own weights only", async () => {
  expect((await readFile(file)).byteLength).toBe(sealedBytes);
  expect(await readIntactSnapshot(file, "weights-a")).toMatchObject({
    fingerprint: "weights-a",
    tokens: 42,
    payloadBytes: 100_000,
  });
  expect(await readIntactSnapshot(file, "weights-b")).toBeNull();
});

test.each([
  [
    "one flipped bit",
    (bytes: Buffer) => {
      bytes[50_000] = (bytes[50_000] ?? 0) ^ 1;
      return bytes;
    },
  ],
  ["a lost tail", (bytes: Buffer) => bytes.subarray(0, 90_000)],
  ["a lost byte in the middle", (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 500), bytes.subarray(501)])],
  ["a seal alone", (bytes: Buffer) => bytes.subarray(100_000)],
  ["no seal", (bytes: Buffer) => bytes.subarray(0, 100_000)],
  ["nothing", () => Buffer.alloc(0)],
  [
    "a seal that claims to be huge",
    (bytes: Buffer) => {
      bytes.writeUInt32LE(0xffff_ffff, bytes.byteLength - 12);
      return bytes;
    },
  ],
])("%s is no snapshot", async (name, damage) => {
  const damaged = join(folder, `${name}.kv`);
  await writeFile(damaged, damage(await readFile(file)));
  expect(await readIntactSnapshot(damaged, "weights-a")).toBeNull();
});

test("a missing file is no snapshot", async () => {
  expect(await readIntactSnapshot(join(folder, "missing"), "weights-a")).toBeNull();
});
