import Anthropic from "@anthropic-ai/sdk";
import type { DataRetention } from "@parley/wire";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey } from "../../src/auth/manage-api-keys.ts";
import { createBatches } from "../../src/batches/create-batches.ts";
import { openFolderBlobStore } from "../../src/blobs/folder-blob-store.ts";
import type { BlobStore } from "../../src/blobs/index.ts";
import { createFiles } from "../../src/files/create-files.ts";
import type { Clock } from "../../src/platform/clock.ts";
import { createRetention } from "../../src/retention/create-retention.ts";
import { endBatch } from "../../src/storage/batches.ts";
import { claimIdempotencyKey, completeIdempotencyKey } from "../../src/storage/idempotency.ts";
import { dumpTable } from "../../src/storage/testing/dump-table.ts";
import { setDataRetention } from "../../src/tenancy/set-data-retention.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let platform: Platform;
let blobs: BlobStore;
beforeAll(async () => {
  platform = await startPlatform();
  blobs = await openFolderBlobStore(join(platform.storage.dataDir, "blobs"));
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

async function newWorkspace() {
  const admin = new Anthropic({ baseURL: platform.url, apiKey: platform.adminKey, maxRetries: 0 });
  const { id } = await admin.organization.workspaces.create({ name: "some" });
  const key = await createKey(platform.keys, { name: "some", workspaceId: id, expiresAtMs: null }, SYSTEM);
  return { id, client: new Anthropic({ baseURL: platform.url, apiKey: key.secret, maxRetries: 0 }) };
}

async function retentionOf(id: string, change?: unknown): Promise<{ status: number; body: DataRetention }> {
  const reply = await fetch(`${platform.url}/v1/organizations/workspaces/${id}/data_retention`, {
    method: change === undefined ? "GET" : "POST",
    headers: { "x-api-key": platform.adminKey, "anthropic-version": "2026-10-21", "content-type": "application/json" },
    ...(change === undefined ? {} : { body: JSON.stringify(change) }),
  });
  return { status: reply.status, body: (await reply.json()) as DataRetention };
}

/** What the jobs of a node do, so much later. */
function later(skippedMs: number, store: BlobStore = blobs) {
  const { storage } = platform;
  const clock: Clock = { nowMs: () => Date.now() + skippedMs, monotonicMs: () => performance.now() };
  const files = createFiles({ storage, blobs: store, clock, quotaBytes: 0 });
  const batches = createBatches({ storage, blobs: store, clock, retentionDays: 30, wake() {} });
  const retention = createRetention({ storage, clock, content: [files, batches], defaultDays: 30 });
  return {
    retention,
    async run() {
      await retention.enforce();
      await files.sweep();
      await batches.sweep();
    },
  };
}

async function endedBatch(client: Anthropic): Promise<string> {
  const params = { model: "claude-haiku-4-5", max_tokens: 10, messages: [{ role: "user" as const, content: "Hi" }] };
  const { id } = await client.messages.batches.create({ requests: [{ custom_id: "a", params }] });
  const resultsKey = `batches/${id}/results`;
  async function* line() {
    yield Buffer.from("{}\n");
  }
  await blobs.put(resultsKey, line());
  const counts = { succeeded: 1, errored: 0, canceled: 0, expired: 0 };
  await endBatch(platform.storage, id, { ...counts, resultsKey, resultsBytes: 3, endedAt: new Date() });
  return id;
}

test("a workspace keeps prompts and replies for 30 days and files for good, until it says otherwise", async () => {
  const { id } = await newWorkspace();
  const usual = { type: "workspace_data_retention", workspace_id: id, zero_data_retention: false, retention_days: 30 };
  expect(await retentionOf(id)).toEqual({ status: 200, body: { ...usual, file_retention_days: null } });
  expect((await retentionOf(id, { retention_days: 7, file_retention_days: 90 })).body).toMatchObject({
    retention_days: 7,
    file_retention_days: 90,
  });
  expect((await retentionOf(id, { retention_days: null })).body).toEqual({ ...usual, file_retention_days: 90 });
  for (const [change, message] of [
    [{ retention_days: 0 }, "retention_days: Input should be greater than or equal to 1"],
    [{ retention_days: 3_651 }, "retention_days: Input should be less than or equal to 3650"],
    [{ file_retention_days: "7" }, "file_retention_days: Input should be a valid integer"],
    [{ days: 7 }, "days: Extra inputs are not permitted"],
  ] as const) {
    expect(await retentionOf(id, change)).toMatchObject({ status: 400, body: { error: { message } } });
  }
  expect((await retentionOf("wrkspc_01none", { retention_days: 7 })).status).toBe(404);
  const audit = await dumpTable(platform.storage, "audit_log");
  expect(audit).toContain(`"retention_days": 7`);
});

test("files live no longer than their workspace says: those of before, and those that come, which say so", async () => {
  const { id, client } = await newWorkspace();
  const text = () => new File(["x"], "x.txt");
  const old = await client.files.upload({ file: text() });
  const short = await client.files.upload({ file: text(), expires_in_seconds: 3_600 });
  await retentionOf(id, { file_retention_days: 2 });
  const expiry = async (file: string) => Date.parse((await client.files.retrieveMetadata(file)).expires_at ?? "");
  expect(await expiry(old.id)).toBe(Date.parse(old.created_at) + 2 * DAY_MS);
  expect(await expiry(short.id)).toBe(Date.parse(short.created_at) + HOUR_MS);
  const fresh = await client.files.upload({ file: text() });
  expect(fresh.expires_at).toBe(new Date(Date.parse(fresh.created_at) + 2 * DAY_MS).toISOString());
  await expect(client.files.upload({ file: text(), expires_in_seconds: 3 * 86_400 })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining(
      "expires_in_seconds: Input should be less than or equal to 172800: the workspace keeps files for 2 days",
    ) as string,
  });

  const stored = async () => (await Array.fromAsync(blobs.list(), ({ key }) => key)).filter((key) => key.startsWith("files/"));
  expect(await stored()).toContain(`files/${old.id}`);
  await later(2 * DAY_MS + HOUR_MS).run();
  expect(await stored()).toEqual([]);
  expect(await dumpTable(platform.storage, "files")).toContain(old.id);
  // What is still known of them goes when the workspace's days are over.
  await later(33 * DAY_MS).run();
  expect(await dumpTable(platform.storage, "files")).not.toContain(id);
});

test("results of batches are kept for the workspace's days, and 29 at most", async () => {
  const [short, usual] = [await newWorkspace(), await newWorkspace()];
  await retentionOf(short.id, { retention_days: 7 });
  const [ofShort, ofUsual] = [await endedBatch(short.client), await endedBatch(usual.client)];
  const resultsUrl = async (client: Anthropic, id: string) => (await client.messages.batches.retrieve(id)).results_url;
  await later(6 * DAY_MS).run();
  expect(await resultsUrl(short.client, ofShort)).not.toBeNull();
  await later(7 * DAY_MS).run();
  expect(await resultsUrl(short.client, ofShort)).toBeNull();
  expect(await resultsUrl(usual.client, ofUsual)).not.toBeNull();
  await later(29 * DAY_MS).run();
  expect(await resultsUrl(usual.client, ofUsual)).toBeNull();
  const stored = await Array.fromAsync(blobs.list(), ({ key }) => key);
  expect(stored.filter((key) => key.includes(ofShort) || key.includes(ofUsual))).toEqual([]);
});

test("a reply under an idempotency key goes when its workspace's days are over", async () => {
  const [short, usual] = [await newWorkspace(), await newWorkspace()];
  await retentionOf(short.id, { retention_days: 1 });
  for (const { id: workspaceId } of [short, usual]) {
    const claim = { workspaceId, key: "k", claimedBy: randomUUID() };
    const nowMs = Date.now();
    await claimIdempotencyKey(platform.storage, { ...claim, requestHash: "h", nowMs, claimExpiresAtMs: nowMs + 1_000 });
    const reply = { status: 200, headers: {}, body: Buffer.from("reply") };
    await completeIdempotencyKey(platform.storage, { ...claim, expiresAtMs: nowMs + 25 * HOUR_MS }, reply);
  }
  await later(DAY_MS).run();
  const left = await dumpTable(platform.storage, "idempotency_entries");
  expect(left).not.toContain(short.id);
  expect(left).toContain(usual.id);
});

test("a workspace that is told to keep content again, while others are emptied, keeps it", async () => {
  const act = { ...SYSTEM, organizationId: platform.organizationId };
  const both = [(await newWorkspace()).id, (await newWorkspace()).id];
  for (const id of both) await setDataRetention(platform.keys, act, id, { zeroDataRetention: true });
  const emptied: string[] = [];
  const room = {
    async removeAll(id: string) {
      if (!both.includes(id)) return;
      emptied.push(id);
      const other = both.find((each) => each !== id) ?? "";
      await setDataRetention(platform.keys, act, other, { zeroDataRetention: false });
    },
  };
  const clock: Clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
  await createRetention({ storage: platform.storage, clock, content: [room], defaultDays: 30 }).enforce();
  expect(emptied).toHaveLength(1);
});

test("removal that is cut off half-way is finished by the next run", async () => {
  const { id, client } = await newWorkspace();
  const first = await client.files.upload({ file: new File(["x"], "x.txt") });
  const second = await client.files.upload({ file: new File(["y"], "y.txt") });
  const batch = await endedBatch(client);
  let deletions = 0;
  const failing: BlobStore = {
    ...blobs,
    async delete(key) {
      deletions += 1;
      if (deletions === 2 || deletions === 3) throw new Error("the disk went away");
      await blobs.delete(key);
    },
  };
  const act = { ...SYSTEM, organizationId: platform.organizationId };
  await setDataRetention(platform.keys, act, id, { zeroDataRetention: true });
  const { retention } = later(0, failing);
  await expect(retention.enforce()).rejects.toThrow("the disk went away");
  await expect(retention.enforce()).rejects.toThrow("the disk went away");
  await later(0).retention.enforce();
  for (const table of ["files", "message_batches"]) expect(await dumpTable(platform.storage, table)).not.toContain(id);
  const stored = await Array.fromAsync(blobs.list(), ({ key }) => key);
  expect(stored.filter((key) => key.includes(batch) || key.includes(first.id) || key.includes(second.id))).toEqual([]);
});
