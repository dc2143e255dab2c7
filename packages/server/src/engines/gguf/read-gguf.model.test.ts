import { copyFile, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testWeights } from "../contract/test-weights.ts";
import { readGguf } from "./read-gguf.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-gguf-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("real weights are read, kept in a side file, and read again when they change", async () => {
  const file = join(folder, "smol.gguf");
  await copyFile(testWeights("SmolLM2-135M-Instruct.Q4_1.gguf"), file);
  const facts = await readGguf(file);
  expect(facts).toMatchObject({
    architecture: "llama",
    contextTokens: 8192,
    layers: 30,
    keySize: 64,
    quantisation: "Q4_1",
    bosToken: 1,
    eosToken: 2,
    addBos: false,
    vocabularySize: 49_152,
    recurrentBytes: 0,
    slidingWindowTokens: null,
  });
  expect(facts.specialTokens).toHaveLength(17);
  expect(await readdir(folder)).toContain(".smol.gguf.facts.json");

  expect(await readGguf(file)).toEqual(facts);
  const side = join(folder, ".smol.gguf.facts.json");
  await writeFile(side, (await readFile(side, "utf8")).replace('"layers":30', '"layers":31'));
  expect(await readGguf(file)).toEqual({ ...facts, layers: 31 });

  const handle = await open(file, "r+");
  await handle.write(Buffer.alloc(64, 1), 0, 64, facts.fileBytes - 64);
  await handle.close();
  expect((await readGguf(file)).fingerprint).not.toBe(facts.fingerprint);
});

test("a file that is no GGUF is refused by name", async () => {
  const file = join(folder, "page.gguf");
  await writeFile(file, "<html>not found</html>".repeat(100));
  await expect(readGguf(file)).rejects.toThrow("page.gguf is no GGUF file that can be read");
});
