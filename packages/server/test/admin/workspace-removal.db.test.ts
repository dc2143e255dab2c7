import Anthropic from "@anthropic-ai/sdk";
import type { ConsolePromptContent } from "@parley/wire";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey } from "../../src/auth/manage-api-keys.ts";
import { readTar } from "../../src/backup/tar.ts";
import { createBatches } from "../../src/batches/create-batches.ts";
import { openFolderBlobStore } from "../../src/blobs/folder-blob-store.ts";
import type { BlobStore } from "../../src/blobs/index.ts";
import { createFiles } from "../../src/files/create-files.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createRetention } from "../../src/retention/create-retention.ts";
import { createSkills } from "../../src/skills/create-skills.ts";
import { endBatch } from "../../src/storage/batches.ts";
import { insertPrompt, updatePrompt } from "../../src/storage/prompts.ts";
import { insertRequestFailures } from "../../src/storage/request-log.ts";
import { dumpTable } from "../../src/storage/testing/dump-table.ts";
import { sampleTurnRecord } from "../../src/storage/testing/sample-turn-record.ts";
import { recordTurns } from "../../src/storage/testing/record-turns.ts";
import { setDataRetention } from "../../src/tenancy/set-data-retention.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { runCli } from "../support/run-cli.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
let blobs: BlobStore;
let admin: Anthropic;
beforeAll(async () => {
  platform = await startPlatform();
  blobs = await openFolderBlobStore(join(platform.storage.dataDir, "blobs"));
  admin = new Anthropic({ baseURL: platform.url, apiKey: platform.adminKey, maxRetries: 0 });
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

const CONTENT: ConsolePromptContent = {
  model: "claude-haiku-4-5",
  system: "",
  message: "Hi",
  max_tokens: 10,
  temperature: null,
  thinking: { type: "off" },
  tools: "",
  output_schema: "",
  cache: { tools: false, system: false, message: false, ttl: "5m" },
};
const RESULTS = '{"custom_id":"a"}\n';

/** A workspace with something of everything. */
async function fullWorkspace(turns: number) {
  const { id } = await admin.organization.workspaces.create({ name: "full" });
  const key = await createKey(platform.keys, { name: "laptop", workspaceId: id, expiresAtMs: null }, SYSTEM);
  const client = new Anthropic({ baseURL: platform.url, apiKey: key.secret, maxRetries: 0 });
  const file = await client.files.upload({ file: new File(["what the file says"], "note.txt") });
  const skillMd = new File(["---\nname: some\ndescription: Some.\n---\n"], "some/SKILL.md");
  const skill = await client.skills.create({ files: [skillMd] });
  const params = { model: "claude-haiku-4-5", max_tokens: 10, messages: [{ role: "user" as const, content: "Hi" }] };
  const batch = await client.messages.batches.create({ requests: [{ custom_id: "a", params }] });
  const resultsKey = `batches/${batch.id}/results`;
  async function* lines() {
    yield Buffer.from(RESULTS);
  }
  await blobs.put(resultsKey, lines());
  const counts = { succeeded: 1, errored: 0, canceled: 0, expired: 0 };
  await endBatch(platform.storage, batch.id, { ...counts, resultsKey, resultsBytes: RESULTS.length, endedAt: new Date() });
  const rows = Array.from({ length: turns }, (_, index) => ({
    ...sampleTurnRecord(`req_${id}_${index}`),
    organization_id: platform.organizationId,
    workspace_id: id,
    api_key_id: key.id,
  }));
  await recordTurns(platform.storage, rows);
  const prompt = { id: `prompt_${id}`, workspaceId: id, name: "Greeting", content: CONTENT, cases: [] };
  await insertPrompt(platform.storage, prompt, { userId: "user_1", now: new Date() });
  await insertRequestFailures(platform.storage, [
    {
      requestId: `req_${id}_failed`,
      organizationId: platform.organizationId,
      workspaceId: id,
      apiKeyId: key.id,
      status: 413,
      errorType: "request_too_large",
      errorMessage: "too large",
      durationMs: 1,
      startedAt: new Date(),
    },
  ]);
  return { id, key, client, file, skill, batch };
}

async function filesOf(source: AsyncIterable<Uint8Array>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { name, content } of readTar(Readable.from(source).pipe(createGunzip()))) {
    found.set(name, Buffer.concat(await Array.fromAsync(content)).toString());
  }
  return found;
}

const send = (path: string, method: string, key = platform.adminKey) =>
  fetch(`${platform.url}${path}`, { method, headers: { "x-api-key": key, "anthropic-version": "2026-10-21" } });

test("an export has the files, the batches and their results, keys without secrets, the ledger and the usage", async () => {
  const { id, key, file, skill, batch } = await fullWorkspace(2_500);
  const reply = await send(`/v1/organizations/workspaces/${id}/export`, "GET");
  expect([reply.status, reply.headers.get("content-type")]).toEqual([200, "application/gzip"]);
  const found = await filesOf(reply.body!);
  expect(JSON.parse(found.get("end.json")!)).toEqual({
    api_keys: 1,
    ledger: 2_500,
    usage_days: 1,
    request_failures: 1,
    prompts: 1,
    prompt_versions: 1,
    files: 1,
    file_contents: 1,
    skills: 1,
    skill_versions: 1,
    skill_contents: 1,
    batches: 1,
    batch_results: 1,
  });
  expect(JSON.parse(found.get("workspace.json")!)).toMatchObject({ id, name: "full", zeroDataRetention: false });
  expect(JSON.parse(found.get("prompt_versions/000001.jsonl")!)).toMatchObject({ version: 1, content: { message: "Hi" } });
  expect(JSON.parse(found.get("request_failures/000001.jsonl")!)).toMatchObject({ error_message: "too large" });
  expect(found.get(`files/${file.id}`)).toBe("what the file says");
  expect(found.get(`skills/${skill.id}/${skill.latest_version_id}.zip`)).toContain("some/SKILL.md");
  expect(found.get(`batches/${batch.id}/results.jsonl`)).toBe(RESULTS);
  expect(JSON.parse(found.get("api_keys/000001.jsonl")!)).toMatchObject({ id: key.id, name: "laptop" });
  expect([...found.values()].join()).not.toContain("secret_hmac");
  const ledger = [...found].filter(([name]) => name.startsWith("ledger/")).flatMap(([, text]) => text.trim().split("\n"));
  const requests = ledger.map((line) => (JSON.parse(line) as { request_id: string }).request_id);
  expect(new Set(requests).size).toBe(2_500);
  // Amounts are text, as no JSON number holds every one of them exactly.
  expect(JSON.parse(ledger[0]!)).toMatchObject({ api_key_id: key.id, cost_nano_usd: expect.stringMatching(/^\d+$/) });
  expect(JSON.parse(found.get("usage_days/000001.jsonl")!)).toMatchObject({ requests: 2_500 });
  expect(await dumpTable(platform.storage, "audit_log")).toContain("workspace.export");
});

test("a deleted workspace is gone with its content, and the ledger and the audit log stay", async () => {
  const { id, key, client, file, skill, batch } = await fullWorkspace(3);
  const path = `/v1/organizations/workspaces/${id}`;
  const early = await send(path, "DELETE");
  expect([early.status, await early.text()]).toEqual([400, expect.stringContaining("archive it first")]);
  expect((await client.files.retrieveMetadata(file.id)).id).toBe(file.id);

  await admin.organization.workspaces.archive(id);
  for (const _ of ["once", "again"]) {
    const reply = await send(path, "DELETE");
    expect(await reply.json()).toEqual({ id, type: "workspace_deleted" });
  }
  const listed = await Array.fromAsync(admin.organization.workspaces.list({ include_archived: true }), (each) => each.id);
  expect(listed).not.toContain(id);
  for (const at of [path, `${path}/export`, `${path}/data_retention`, `${path}/members`]) {
    expect([at, (await send(at, "GET")).status]).toEqual([at, 404]);
  }
  expect((await send("/v1/files", "GET", key.secret)).status).toBe(401);
  for (const table of ["files", "skills", "skill_versions", "message_batches", "workspace_members", "idempotency_entries"]) {
    expect(await dumpTable(platform.storage, table)).not.toContain(id);
  }
  const stored = await Array.fromAsync(blobs.list(), (blob) => blob.key);
  const ids = [file.id, skill.latest_version_id, batch.id];
  expect(stored.filter((each) => ids.some((known) => each.includes(known)))).toEqual([]);
  expect((await dumpTable(platform.storage, "turn_records")).split(`msg_req_${id}_`).length - 1).toBe(3);
  expect(await dumpTable(platform.storage, "audit_log")).toContain("workspace.delete");
});

test.each([
  [
    "deleted",
    async (id: string) => (await admin.organization.workspaces.archive(id), send(`/v1/organizations/workspaces/${id}`, "DELETE")),
  ],
  [
    "told to keep nothing",
    (id: string) =>
      setDataRetention(platform.keys, { ...SYSTEM, organizationId: platform.organizationId }, id, { zeroDataRetention: true }),
  ],
])("what comes in while its workspace is %s is refused, and nothing of it stays", async (_what, end) => {
  const { id: workspaceId } = await admin.organization.workspaces.create({ name: "leaving" });
  const owner = { organizationId: platform.organizationId, workspaceId, apiKeyId: "apikey_1" };
  const deps = { storage: platform.storage, blobs, clock: systemClock };
  const params = { model: "claude-haiku-4-5", max_tokens: 10, messages: [{ role: "user", content: "Hi" }] };
  const body = Buffer.from(JSON.stringify({ requests: [{ custom_id: "a", params }] }));
  const prompt = { workspaceId, name: "Greeting", content: CONTENT, cases: [] };
  const author = { userId: "user_1", now: new Date() };
  expect(await insertPrompt(platform.storage, { ...prompt, id: `prompt_early_${workspaceId}` }, author)).toBe(true);
  const skill = { name: "some", description: "Some.", files: [] };
  const skillActor = { ...owner, actor: SYSTEM.actor, requestId: "req_1" };
  /** Comes in until all have begun; then the workspace goes, before they end. */
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  async function* whileItGoes() {
    yield body.subarray(0, 20);
    await gone;
    yield body.subarray(20);
  }
  const late: BlobStore = { ...blobs, put: async (key, content) => (await gone, blobs.put(key, content)) };
  const skills = createSkills({ ...deps, blobs: late, auditKey: platform.keys.auditKey, quotaBytes: 1_000_000, builtIns: [] });
  const uploads = [
    skills.create(skillActor, { skill, label: null }, { isLegacy: false }),
    createFiles({ ...deps, quotaBytes: 1_000_000 }).add(owner, { filename: "a", mimeType: "text/plain", content: whileItGoes() }),
    createBatches({ ...deps, retentionDays: 30, wake() {} }).create(
      owner,
      { version: "2026-10-21", betas: [], isBeta: false },
      whileItGoes(),
    ),
  ];
  const outcomes = Promise.allSettled(uploads);
  // Its row is there while the body comes in.
  await expect.poll(() => dumpTable(platform.storage, "message_batches")).toContain(workspaceId);
  const items = await dumpTable(platform.storage, "batch_items");
  await end(workspaceId);
  resolve();
  expect(await outcomes).toMatchObject(
    uploads.map(() => ({
      status: "rejected",
      reason: { status: 400, publicMessage: expect.stringContaining("It is not stored.") },
    })),
  );
  for (const table of ["files", "message_batches", "skills", "skill_versions"]) {
    expect(await dumpTable(platform.storage, table)).not.toContain(workspaceId);
  }
  expect(await insertPrompt(platform.storage, { ...prompt, id: `prompt_late_${workspaceId}` }, author)).toBe(false);
  const early = { workspaceId, id: `prompt_early_${workspaceId}` };
  expect(await updatePrompt(platform.storage, early, { name: "Late" }, author)).toBe("unwanted");
  expect(await dumpTable(platform.storage, "batch_items")).toBe(items);
});

test("a deletion that is cut off after its first step is finished by the job", async () => {
  const { id, file, skill, batch } = await fullWorkspace(1);
  await admin.organization.workspaces.archive(id);
  const broken: BlobStore = { ...blobs, delete: () => Promise.reject(new Error("the process died here")) };
  const contentOf = (store: BlobStore) => {
    const deps = { storage: platform.storage, blobs: store, clock: systemClock };
    const batches = createBatches({ ...deps, retentionDays: 30, wake() {} });
    const { auditKey } = platform.keys;
    const skills = createSkills({ ...deps, auditKey, quotaBytes: 0, builtIns: [] });
    const content = [createFiles({ ...deps, quotaBytes: 0 }), skills, batches];
    return createRetention({ ...deps, content, defaultDays: 30 });
  };
  await using node = await platform.startNode({ retention: contentOf(broken) });
  const path = `/v1/organizations/workspaces/${id}`;
  const headers = { "x-api-key": platform.adminKey, "anthropic-version": "2026-10-21" };
  expect((await fetch(`${node.url}${path}`, { method: "DELETE", headers })).status).toBe(500);
  expect((await send(path, "GET")).status).toBe(404);
  await contentOf(blobs).enforce();
  const stored = await Array.fromAsync(blobs.list(), (blob) => blob.key);
  const ids = [file.id, skill.latest_version_id, batch.id];
  expect(stored.filter((each) => ids.some((known) => each.includes(known)))).toEqual([]);
  expect(await dumpTable(platform.storage, "skills")).not.toContain(id);
  expect(await dumpTable(platform.storage, "message_batches")).not.toContain(id);
});

test("an operator exports and deletes a workspace with the command line", async () => {
  const { id, file } = await fullWorkspace(1);
  const { dataDir, databaseUrl } = platform.storage;
  const env = databaseUrl === null ? {} : { DATABASE_URL: databaseUrl };
  const parley = (...args: string[]) => runCli(["workspaces", ...args, "--json", "--data", dataDir], { env });
  const to = join(await mkdtemp(join(tmpdir(), "parley-export-")), "full.tar.gz");
  expect(await parley("export", id, to)).toMatchObject({ code: 0, stderr: "" });
  async function* written() {
    yield await readFile(to);
  }
  expect((await filesOf(written())).get(`files/${file.id}`)).toBe("what the file says");
  expect(await parley("export", id, to)).toMatchObject({ code: 1, stderr: expect.stringContaining("is there already") });
  expect(await parley("delete", id, "--yes")).toMatchObject({ code: 0 });
  expect(await parley("delete", id, "--yes")).toMatchObject({ code: 0 });
  expect((await send(`/v1/organizations/workspaces/${id}`, "GET")).status).toBe(404);
  expect(await dumpTable(platform.storage, "files")).not.toContain(id);
});
