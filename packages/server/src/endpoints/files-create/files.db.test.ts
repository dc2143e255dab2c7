import Anthropic, { toFile } from "@anthropic-ai/sdk";
import OldAnthropic, { toFile as toOldFile } from "anthropic-sdk-0.70";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { removeOrphans } from "../../blobs/index.ts";
import { openFolderBlobStore } from "../../blobs/folder-blob-store.ts";
import { KEY, OTHER_KEY, startTestServer } from "../../doors/testing/start-test-server.ts";
import { createFiles } from "../../files/create-files.ts";
import type { Clock } from "../../platform/clock.ts";
import { openTestStorage } from "../../storage/testing/test-storage.ts";

const QUOTA_BYTES = 3_000_000;
const HOUR_MS = 3_600_000;
const PNG = Buffer.from(
  "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000a49444154789c6300010000050001",
  "hex",
);
const PDF = Buffer.from("%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n");

let parley: Awaited<ReturnType<typeof startFilesServer>>;
let client: Anthropic;
let other: Anthropic;
let old: OldAnthropic;
beforeAll(async () => {
  parley = await startFilesServer();
  const { url: baseURL } = parley.server;
  client = new Anthropic({ baseURL, apiKey: KEY, maxRetries: 0 });
  other = new Anthropic({ baseURL, apiKey: OTHER_KEY, maxRetries: 0 });
  old = new OldAnthropic({ baseURL, apiKey: KEY, maxRetries: 0 });
});
afterAll(async () => {
  await parley?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  for await (const file of client.files.list()) await client.files.delete(file.id);
  const left = await parley.stored();
  if (left.length > 0) throw new Error(`blobs were left: ${left.join()}`);
});

const text = (content: string, name = "note.txt") => toFile(Buffer.from(content), name, { type: "text/plain" });

describe("the SDK's files", () => {
  test("upload, metadata, list and delete", async () => {
    const file = await client.files.upload({ file: await text("hello") });
    expect(file).toEqual({
      id: expect.stringMatching(/^file_01[1-9A-Za-z]{22}$/),
      type: "file",
      filename: "note.txt",
      mime_type: "text/plain",
      size_bytes: 5,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      downloadable: false,
      expires_at: null,
    });
    expect(await client.files.retrieveMetadata(file.id)).toEqual(file);
    expect((await client.files.list()).data).toEqual([file]);
    expect(await client.files.delete(file.id)).toEqual({ id: file.id, type: "file_deleted" });
    await expect(client.files.retrieveMetadata(file.id)).rejects.toMatchObject({ status: 404, type: "not_found_error" });
    await expect(client.files.delete(file.id)).rejects.toMatchObject({ status: 404 });
  });

  test("a client of the beta gets the shapes from before general availability", async () => {
    const file = await old.beta.files.upload({ file: await toOldFile(Buffer.from("x"), "a.txt", { type: "text/plain" }) });
    expect(Object.keys(file).toSorted()).toEqual([
      "created_at",
      "downloadable",
      "filename",
      "id",
      "mime_type",
      "size_bytes",
      "type",
    ]);
    const second = await old.beta.files.upload({ file: await toOldFile(Buffer.from("y"), "b.txt", { type: "text/plain" }) });
    const page = await old.beta.files.list({ limit: 1 });
    expect(page).toMatchObject({ data: [second], has_more: true, first_id: second.id, last_id: second.id });
    const ids: string[] = [];
    for await (const each of old.beta.files.list({ limit: 1 })) ids.push(each.id);
    expect(ids).toEqual([second.id, file.id]);
    expect(await old.beta.files.retrieveMetadata(file.id)).toEqual(file);
    // The newest client's beta namespace sends no beta header, and knows the new shapes.
    expect(await client.beta.files.retrieveMetadata(file.id)).toMatchObject({ id: file.id, expires_at: null });
    expect(await old.beta.files.delete(file.id)).toEqual({ id: file.id, type: "file_deleted" });
  });

  test("a list pages by cursor, newest first, and stays right when files come and go between pages", async () => {
    const made: string[] = [];
    for (let index = 0; index < 5; index += 1) made.unshift((await client.files.upload({ file: await text(`${index}`) })).id);
    const seen: string[] = [];
    let page = await client.files.list({ limit: 2 });
    seen.push(...page.data.map(({ id }) => id));
    await client.files.delete(page.data[1]!.id);
    await client.files.upload({ file: await text("newer") });
    while (page.hasNextPage()) {
      page = await page.getNextPage();
      seen.push(...page.data.map(({ id }) => id));
    }
    expect(seen).toEqual(made);
  });

  test("a list by ids leaves out what is not the workspace's, and takes neither page nor limit beside them", async () => {
    const mine = await client.files.upload({ file: await text("mine") });
    const theirs = await other.files.upload({ file: await text("theirs") });
    const found = await client.files.list({ ids: [mine.id, theirs.id, mine.id, "file_nothing", "%", "' or 1=1 --"] });
    expect(found.data.map(({ id }) => id)).toEqual([mine.id]);
    expect(found.next_page).toBeNull();
    await expect(client.files.list({ ids: [mine.id], limit: 2 })).rejects.toMatchObject({ status: 400 });
    const many = Array.from({ length: 101 }, (_, index) => `file_${index}`);
    await expect(client.files.list({ ids: many })).rejects.toThrow(
      "ids: List should have at most 100 items after validation, not 101",
    );
    await other.files.delete(theirs.id);
  });

  test("another workspace's file answers like one that never was", async () => {
    const file = await client.files.upload({ file: await text("secret") });
    for (const id of [file.id, "file_01nothing"]) {
      const expected = { status: 404, error: { error: { type: "not_found_error", message: `File not found: ${id}` } } };
      await expect(other.files.retrieveMetadata(id)).rejects.toMatchObject(expected);
      await expect(other.files.download(id)).rejects.toMatchObject(expected);
      await expect(other.files.delete(id)).rejects.toMatchObject(expected);
    }
    expect((await other.files.list()).data).toEqual([]);
    expect((await client.files.list()).data).toHaveLength(1);
  });

  test("what was uploaded is not downloadable; what a tool made is, byte for byte", async () => {
    const file = await client.files.upload({ file: await text("x") });
    await expect(client.files.download(file.id)).rejects.toBeInstanceOf(Anthropic.Files.FileNotDownloadableError);
    await expect(client.files.download(file.id)).rejects.toMatchObject({
      status: 400,
      error: { error: { details: { error_code: "file_not_downloadable" } } },
    });
    const owner = { organizationId: "org_1", workspaceId: "wrkspc_1" };
    const content = Buffer.from("a,b\n1,2\n");
    const made = await parley.files.add(owner, {
      filename: 'ta"ble ä.csv'.replace('"', ""),
      mimeType: "text/csv",
      content: (async function* () {
        yield content;
      })(),
    });
    const reply = await client.files.download(made.id);
    expect(reply.headers.get("content-type")).toBe("text/csv");
    expect(reply.headers.get("content-disposition")).toBe("attachment; filename*=UTF-8''table%20%C3%A4.csv");
    expect(reply.headers.get("content-length")).toBe("8");
    expect(Buffer.from(await reply.arrayBuffer()).equals(content)).toBe(true);
  });

  test("a file expires when it said, keeps its metadata, and loses its bytes at the next sweep", async () => {
    const file = await client.files.upload({ file: await text("soon gone"), expires_in_seconds: 3_600 });
    expect(new Date(file.expires_at!).getTime() - new Date(file.created_at).getTime()).toBe(HOUR_MS);
    const ask = () =>
      client.messages.create({
        model: "claude-haiku-4-5",
        max_tokens: 10,
        messages: [{ role: "user", content: [{ type: "document", source: { type: "file", file_id: file.id } }] }],
      });
    await ask();
    parley.skip(HOUR_MS);
    await expect(ask()).rejects.toBeInstanceOf(Anthropic.Files.FileExpiredError);
    await expect(ask()).rejects.toMatchObject({ status: 404, error: { error: { details: { error_code: "file_expired" } } } });
    await parley.files.sweep();
    expect(await parley.stored()).toEqual([]);
    expect(await client.files.retrieveMetadata(file.id)).toEqual(file);
    for (const seconds of [3_599, 7_776_001]) {
      await expect(client.files.upload({ file: await text("x"), expires_in_seconds: seconds })).rejects.toThrow(
        "expires_in_seconds: Input should be",
      );
    }
  });

  test("a sweep removes blobs that no file names once they are a day old, and no others", async () => {
    const file = await client.files.upload({ file: await text("kept") });
    await parley.blobs.put(
      "files/file_orphan",
      (async function* () {
        yield Buffer.from("x");
      })(),
    );
    await removeOrphans({ ...parley, owners: [parley.files.blobOwner] });
    expect(await parley.stored()).toHaveLength(2);
    parley.skip(25 * HOUR_MS);
    await removeOrphans({ ...parley, owners: [parley.files.blobOwner] });
    expect(await parley.stored()).toEqual([`files/${file.id}`]);
  });
});

describe("what a file is called and is", () => {
  test.each([
    ["notes/../deep/plan.txt", "text/plain", "x", "plan.txt", "text/plain"],
    ["C:\\work\\plan.txt", "text/plain", "x", "plan.txt", "text/plain"],
    ["plan ä 日本.md", "text/markdown", "x", "plan ä 日本.md", "text/markdown"],
    ["", "application/octet-stream", "plain words", "unnamed.txt", "text/plain"],
    ["..", "image/png", PNG, "unnamed.png", "image/png"],
    ["scan", "application/octet-stream", PDF, "scan", "application/pdf"],
    ["raw.bin", "application/octet-stream", Buffer.from([0, 1, 2, 255]), "raw.bin", "application/octet-stream"],
    ["photo.jpg", "image/jpg", Buffer.from("ffd8ffe000104a46494600", "hex"), "photo.jpg", "image/jpeg"],
  ])("%j sent as %s", async (name, type, content, filename, mimeType) => {
    const reply = await send([part("file", name, type, content)]);
    expect(await reply.json()).toMatchObject({ filename, mime_type: mimeType });
  });

  test.each([
    [
      "a PDF that says it is an image",
      part("file", "a.png", "image/png", PDF),
      "file: The content is application/pdf, but the part says image/png",
    ],
    [
      "words that say they are a PDF",
      part("file", "a.pdf", "application/pdf", "hi"),
      "file: The content is text/plain, but the part says application/pdf",
    ],
    [
      "a name with a control character",
      part("file", "a\u0007.txt", "text/plain", "x"),
      "file: Filename contains forbidden characters",
    ],
    [
      "a name that is too long",
      part("file", "a".repeat(256), "text/plain", "x"),
      "file: Filename should have at most 255 characters",
    ],
    ["no file", part("expires_in_seconds", null, null, "3600"), "file: Field required"],
    ["a field too many", part("purpose", null, null, "x"), "purpose: Extra inputs are not permitted"],
    ["a file under another name", part("data", "a.txt", "text/plain", "x"), "data: Extra inputs are not permitted"],
    [
      "an expiry that is no number",
      part("expires_in_seconds", null, null, "soon"),
      "expires_in_seconds: Input should be a valid integer, unable to parse string as an integer",
    ],
  ])("%s is refused and leaves nothing", async (_what, bad, message) => {
    const parts =
      bad.startsWith('Content-Disposition: form-data; name="expires') && !message.startsWith("file:")
        ? [part("file", "a.txt", "text/plain", "x"), bad]
        : [bad];
    const reply = await send(parts);
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({ error: { type: "invalid_request_error", message } });
    expect(await parley.stored()).toEqual([]);
  });

  test.each([
    ["two files", [part("file", "a.txt", "text/plain", "x"), part("file", "b.txt", "text/plain", "y")], {}, 400],
    ["JSON", ["{}"], { "content-type": "application/json" }, 400],
    ["no boundary", ["x"], { "content-type": "multipart/form-data" }, 400],
    ["a form that ends too early", [part("file", "a.txt", "text/plain", "x"), "cut"], { cut: "1" }, 400],
  ])("%s is refused and leaves nothing", async (_what, parts, headers, status) => {
    const reply = await send(parts, headers);
    expect(reply.status).toBe(status);
    expect(((await reply.json()) as { error: { type: string } }).error.type).toBe("invalid_request_error");
    expect(await parley.stored()).toEqual([]);
  });
});

test("a file that is deleted between its look-up and its first byte answers 404, one whose bytes are lost 500", async () => {
  const owner = { organizationId: "org_1", workspaceId: "wrkspc_1" };
  async function* content() {
    yield Buffer.from("made by a tool");
  }
  const make = () => parley.files.add(owner, { filename: "out.txt", mimeType: "text/plain", content: content() });
  const deleted = await make();
  const reading = parley.files.read(deleted);
  await client.files.delete(deleted.id);
  await expect(Array.fromAsync(reading)).rejects.toMatchObject({ type: "not_found_error" });
  const lost = await make();
  await parley.blobs.delete(`files/${lost.id}`);
  await expect(client.files.download(lost.id)).rejects.toMatchObject({ status: 500, type: "api_error" });
  await client.files.delete(lost.id);
});

test("a file of an organization that has no room left is refused, before its bytes where the form tells its length", async () => {
  const megabyte = "x".repeat(1_000_000);
  const kept = await Promise.allSettled(
    Array.from({ length: 5 }, async () => client.files.upload({ file: await text(megabyte) })),
  );
  expect(kept.map(({ status }) => status).filter((status) => status === "fulfilled")).toHaveLength(QUOTA_BYTES / 1_000_000);
  const refused = kept.find((each) => each.status === "rejected")?.reason as unknown;
  expect(refused).toBeInstanceOf(Anthropic.Files.StorageQuotaExceededError);
  expect(refused).toMatchObject({
    status: 400,
    error: { error: { type: "invalid_request_error", details: { error_code: "storage_quota_exceeded" } } },
  });
  // The other workspace is of the same organization.
  await expect(other.files.upload({ file: await text(megabyte) })).rejects.toMatchObject({ status: 400 });
  expect(await parley.stored()).toHaveLength(3);
});

test("an upload that is cut half-way leaves nothing", async () => {
  const socket = connect(parley.server.port, "127.0.0.1");
  const head = `POST /v1/files HTTP/1.1\r\nhost: x\r\nx-api-key: ${KEY}\r\nanthropic-version: 2026-10-21\r\n`;
  socket.write(`${head}content-type: multipart/form-data; boundary=b\r\ncontent-length: 2000000\r\n\r\n`);
  socket.write(`--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n${"x".repeat(500_000)}`);
  await expect.poll(async () => (await parley.stored()).length).toBe(1);
  socket.destroy();
  await expect.poll(() => parley.stored()).toEqual([]);
  expect((await client.files.list()).data).toEqual([]);
});

test("a file over 500 MB is refused before it is read where its length is told", async () => {
  const reply = await new Promise<string>((resolve) => {
    const socket = connect(parley.server.port, "127.0.0.1");
    const head = `POST /v1/files HTTP/1.1\r\nhost: x\r\nx-api-key: ${KEY}\r\nanthropic-version: 2026-10-21\r\n`;
    socket.write(`${head}content-type: multipart/form-data; boundary=b\r\ncontent-length: ${600 * 1024 * 1024}\r\n\r\n`);
    socket.once("data", (chunk) => {
      resolve(chunk.toString());
      socket.destroy();
    });
  });
  expect(reply).toMatch(/^HTTP\/1.1 413 /);
});

describe("files in messages", () => {
  const ask = (content: Anthropic.ContentBlockParam[], from = client) =>
    from.messages.create({ model: "claude-haiku-4-5", max_tokens: 10, messages: [{ role: "user", content }] });

  test("a text file is read as the document that it would be in the body, nested ones too", async () => {
    const file = await client.files.upload({ file: await text("The sky is green.") });
    const source = { type: "file" as const, file_id: file.id };
    const inline = { type: "text" as const, media_type: "text/plain" as const, data: "The sky is green." };
    const call: Anthropic.MessageParam[] = [
      { role: "user", content: "Go" },
      { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "look", input: {} }] },
    ];
    for (const given of [source, inline]) {
      const document = { type: "document" as const, title: "Sky", source: given };
      await ask([document, { type: "text", text: "Colour?" }]);
      await client.messages.create({
        model: "claude-haiku-4-5",
        max_tokens: 10,
        tools: [{ name: "look", input_schema: { type: "object" } }],
        messages: [...call, { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: [document] }] }],
      });
    }
    const [first, second, third, fourth] = parley.server.engine.turns.slice(-4).map(({ messages }) => messages);
    expect(JSON.stringify(first)).toContain("The sky is green.");
    expect(first).toEqual(third);
    expect(second).toEqual(fourth);
    const counted = await client.messages.countTokens({
      model: "claude-haiku-4-5",
      messages: [{ role: "user", content: [{ type: "document", source }] }],
    });
    expect(counted.input_tokens).toBe(23);
  });

  test("what the model does not read is refused as it is in the body", async () => {
    const pdf = await client.files.upload({ file: await toFile(PDF, "a.pdf", { type: "application/pdf" }) });
    const png = await client.files.upload({ file: await toFile(PNG, "a.png", { type: "image/png" }) });
    await expect(ask([{ type: "document", source: { type: "file", file_id: pdf.id } }])).rejects.toThrow(
      "messages.0.content.0.document.source.base64.data: The PDF specified was not valid.",
    );
    await expect(ask([{ type: "image", source: { type: "file", file_id: png.id } }])).rejects.toThrow(
      "messages.0.content.0.image: this model does not support image input",
    );
    await expect(ask([{ type: "container_upload", file_id: pdf.id }])).rejects.toThrow(
      "files are put into a container only where a code execution tool is in `tools`",
    );
    await expect(ask([{ type: "image", source: { type: "file", file_id: pdf.id } }])).rejects.toThrow(
      `messages.0.content.0.image.source.file.file_id: File ${pdf.id} is application/pdf; image blocks take`,
    );
  });

  test("another workspace's file is not found, whatever block names it", async () => {
    const file = await client.files.upload({ file: await text("secret") });
    for (const block of [
      { type: "document", source: { type: "file", file_id: file.id } },
      { type: "image", source: { type: "file", file_id: file.id } },
      { type: "container_upload", file_id: file.id },
    ] as Anthropic.ContentBlockParam[]) {
      await expect(ask([block], other)).rejects.toMatchObject({
        status: 404,
        error: { error: { type: "not_found_error", message: `File not found: ${file.id}` } },
      });
    }
  });
});

function part(name: string, filename: string | null, type: string | null, content: string | Buffer): string {
  const head = `Content-Disposition: form-data; name="${name}"${filename === null ? "" : `; filename="${filename}"`}`;
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const typed = `${head}${type === null ? "" : `\r\nContent-Type: ${type}`}\r\n\r\n`;
  return Buffer.concat([Buffer.from(typed), bytes]).toString("latin1");
}

/** A form as bytes, so that it may be wrong. */
function send(parts: readonly string[], { cut, ...headers }: Record<string, string> = {}): Promise<Response> {
  const boundary = "----parley";
  const whole = parts.map((each) => `--${boundary}\r\n${each}\r\n`).join("");
  const body = Buffer.from(cut === undefined ? `${whole}--${boundary}--\r\n` : whole, "latin1");
  return fetch(`${parley.server.url}/v1/files`, {
    method: "POST",
    headers: {
      "x-api-key": KEY,
      "anthropic-version": "2026-10-21",
      "content-type": `multipart/form-data; boundary=${boundary}`,
      ...headers,
    },
    body: new Uint8Array(body),
  });
}

/** A server over real HTTP with a real database, a real blob folder, and a clock that can be set on. */
async function startFilesServer() {
  const folder = await mkdtemp(join(tmpdir(), "parley-files-"));
  const storage = await openTestStorage();
  let skippedMs = 0;
  const clock: Clock = { nowMs: () => Date.now() + skippedMs, monotonicMs: () => performance.now() };
  const blobs = await openFolderBlobStore(folder);
  const files = createFiles({ storage, blobs, clock, quotaBytes: QUOTA_BYTES });
  const server = await startTestServer({ deps: { files } });
  return {
    server,
    files,
    blobs,
    clock,
    skip: (ms: number) => void (skippedMs += ms),
    /** Names of blobs, and of drafts of blobs. */
    async stored(): Promise<readonly string[]> {
      const keys = await Array.fromAsync(blobs.list(), ({ key }) => key);
      return [...keys, ...(await readdir(join(folder, "drafts")))].toSorted();
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await storage.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
