import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";
import { loadConsoleFiles } from "./load-console-files.ts";

const PAGE = "<!doctype html><title>Console</title>";
const SCRIPT = "export const answer = 42;\n".repeat(50);

let folder: string;
let server: TestServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-console-"));
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "index.html"), PAGE);
  await writeFile(join(folder, "theme.js"), "");
  await writeFile(join(folder, "assets/index-abc.js"), SCRIPT);
  await writeFile(join(folder, "assets/index-abc.js.br"), brotliCompressSync(SCRIPT));
  await writeFile(join(folder, "assets/index-abc.js.gz"), gzipSync(SCRIPT));
  await writeFile(join(folder, ".secret"), "not for the web");
  server = await startTestServer({ consoleFiles: await loadConsoleFiles(folder) });
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** Over bare HTTP: `fetch` would tidy the path, and unpack what is compressed. */
async function get(path: string, headers: Record<string, string> = {}, method = "GET") {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number | undefined;
    headers: Record<string, string | string[] | undefined>;
    body: Buffer;
  }>();
  request({ host: "127.0.0.1", port: server.port, path, headers, method }, (reply) => {
    const chunks: Buffer[] = [];
    reply.on("data", (chunk: Buffer) => chunks.push(chunk));
    reply.on("end", () => resolve({ status: reply.statusCode, headers: reply.headers, body: Buffer.concat(chunks) }));
  })
    .on("error", reject)
    .end();
  return promise;
}

test("the Console's page answers at its own address and at every page of its router", async () => {
  for (const path of ["/console/", "/console/workbench", "/console/api-keys?create=true"]) {
    const reply = await get(path);
    expect({ path, status: reply.status, body: String(reply.body) }).toEqual({ path, status: 200, body: PAGE });
    expect(reply.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(reply.headers["cache-control"]).toBe("no-cache");
  }
});

test("a browser that asks for the server itself is led to the Console, a program is not", async () => {
  const browser = await get("/", { accept: "text/html,application/xhtml+xml" });
  expect([browser.status, browser.headers["location"]]).toEqual([302, "/console/"]);
  expect((await get("/console")).headers["location"]).toBe("/console/");
  expect((await get("/", { accept: "application/json" })).status).toBe(404);
});

test("a hashed file is kept for a year, in the best form that the browser takes", async () => {
  const path = "/console/assets/index-abc.js";
  const plain = await get(path);
  const brotli = await get(path, { "accept-encoding": "gzip, deflate, br, zstd" });
  const gzip = await get(path, { "accept-encoding": "gzip, br;q=0" });
  expect(plain.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  expect([plain, brotli, gzip].map((reply) => reply.headers["content-encoding"])).toEqual([undefined, "br", "gzip"]);
  expect(String(plain.body)).toBe(SCRIPT);
  expect(String(brotliDecompressSync(brotli.body))).toBe(SCRIPT);
  expect(String(gunzipSync(gzip.body))).toBe(SCRIPT);
  expect(brotli.headers["vary"]).toBe("accept-encoding");
});

test("what the browser has already is not sent again", async () => {
  const first = await get("/console/assets/index-abc.js", { "accept-encoding": "br" });
  const etag = String(first.headers["etag"]);
  const again = await get("/console/assets/index-abc.js", { "accept-encoding": "br", "if-none-match": `W/${etag}` });
  expect([again.status, again.body.length]).toEqual([304, 0]);
  const otherForm = await get("/console/assets/index-abc.js", { "if-none-match": etag });
  expect(otherForm.status).toBe(200);
});

test("HEAD has the headers of GET and no body", async () => {
  const reply = await get("/console/", {}, "HEAD");
  expect([reply.status, reply.headers["content-length"], reply.body.length]).toEqual([200, String(PAGE.length), 0]);
});

test("no reply of the Console lets anything run, load or frame it but its own files", async () => {
  for (const path of ["/console/", "/console/assets/index-abc.js", "/console/assets/gone.js", "/console"]) {
    const { headers } = await get(path);
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["referrer-policy"]).toBe("no-referrer");
  }
});

test("no path leads out of the build, and what is not a file of the web is not served", async () => {
  for (const path of [
    "/console/../package.json",
    "/console/%2e%2e/package.json",
    "/console/assets/../../package.json",
    "/console/.secret",
    "/console/assets/index-abc.js.br",
    "/console/assets/none",
  ]) {
    const reply = await get(path);
    expect({ path, status: reply.status }).toEqual({ path, status: 404 });
  }
});

test("the Console's API and other methods are left to the endpoints", async () => {
  const api = await get("/console/api/nothing");
  expect(JSON.parse(String(api.body))).toMatchObject({ type: "error", error: { type: "not_found_error" } });
  expect((await get("/console/", {}, "POST")).status).toBe(404);
});

test("a server without a built Console answers as if there were none", async () => {
  expect(await loadConsoleFiles(join(folder, "assets"))).toBeNull();
  expect(await loadConsoleFiles(join(folder, "nowhere"))).toBeNull();
});
