import { mkdtemp, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { catalog, findInCatalog } from "./catalog.ts";
import { expandParts } from "./fetch-from-pip.ts";
import { type FetchProgress, WeightsUnavailable, fetchWeights } from "./fetch-weights.ts";
import {
  hasBegun,
  startToyHub,
  TOY_BYTES as content,
  TOY_WEIGHTS as weights,
  type ToyHub,
  type ToyHubOptions,
} from "./testing/toy-hub.ts";

const hubs: ToyHub[] = [];
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub[Symbol.asyncDispose]();
});

async function hub(options?: ToyHubOptions): Promise<ToyHub> {
  const started = await startToyHub(options);
  hubs.push(started);
  return started;
}

async function fetchToy(hubUrl: string, overrides: { folder?: string; localMirror?: string } = {}) {
  const folder = overrides.folder ?? (await mkdtemp(join(tmpdir(), "parley-weights-")));
  const progress: FetchProgress[] = [];
  const file = fetchWeights(weights, {
    folder,
    hubUrl,
    localMirror: overrides.localMirror ?? null,
    python: "python3",
    onProgress: (at) => progress.push(at),
    signal: new AbortController().signal,
  });
  return { folder, progress, file };
}

test("a download that broke off is resumed where it ended, and the file appears only when whole", async () => {
  const { promise: breakOff, resolve: breakNow } = Promise.withResolvers<void>();
  const { url, ranges } = await hub({ breakOff });
  const first = await fetchToy(url);
  void hasBegun(first.folder).then(breakNow);
  await expect(first.file).rejects.toThrow(WeightsUnavailable);
  expect((await readdir(first.folder)).filter((name) => name.endsWith(".gguf"))).toEqual([]);
  const second = await fetchToy(url, { folder: first.folder });
  expect(await readFile(await second.file)).toEqual(content);
  expect(ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
  expect(second.progress.at(-1)).toMatchObject({ phase: "verify", doneBytes: content.length });
  expect(await readdir(join(first.folder, ".partial"))).toEqual([]);
});

test("bytes with another sha256 are thrown away and named", async () => {
  const { url } = await hub({ content: Buffer.alloc(content.length) });
  const attempt = await fetchToy(url);
  await expect(attempt.file).rejects.toThrow(/sha256 is [0-9a-f]{64}, expected/);
  expect(await readdir(join(attempt.folder, ".partial", "toy"))).toEqual([]);
});

test("each mirror's answer is told when none delivers", async () => {
  const { url } = await hub({ status: 503 });
  await expect((await fetchToy(url)).file).rejects.toThrow("hub me/toy: the hub answered 503");
});

test("a local folder is used before any network", async () => {
  const localMirror = await mkdtemp(join(tmpdir(), "parley-mirror-"));
  await mkdir(localMirror, { recursive: true });
  await writeFile(join(localMirror, "toy.gguf"), content);
  const attempt = await fetchToy("http://127.0.0.1:9", { localMirror });
  expect(await readFile(await attempt.file)).toEqual(content);
});

test("weights are found by an unambiguous beginning of their name", () => {
  expect(findInCatalog("smollm2-135m…")?.name).toBe("smollm2-135m-instruct-q4_1");
  expect(findInCatalog("qwen")).toBeUndefined();
  expect(findInCatalog("")).toBeUndefined();
});

test("a requirement with a range is its parts in order", () => {
  const parts = expandParts({ requirement: "p-part{1..12}==0.2", member: "p_part{n}/data/part{nn}.bin" });
  expect(parts).toHaveLength(12);
  expect(parts[1]).toEqual({ requirement: "p-part2==0.2", member: "p_part2/data/part02.bin", fileName: "part02.bin" });
  expect(catalog).toHaveLength(3);
});
