import Anthropic from "@anthropic-ai/sdk";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey } from "../../src/auth/manage-api-keys.ts";
import { openFolderBlobStore } from "../../src/blobs/folder-blob-store.ts";
import { dumpTable } from "../../src/storage/testing/dump-table.ts";
import { setDataRetention } from "../../src/tenancy/set-data-retention.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

const BODY = {
  model: "claude-haiku-4-5",
  max_tokens: 10,
  messages: [{ role: "user" as const, content: "a secret prompt" }],
};

async function newWorkspace() {
  const admin = new Anthropic({ baseURL: platform.url, apiKey: platform.adminKey, maxRetries: 0 });
  const { id } = await admin.organization.workspaces.create({ name: "careful" });
  const key = await createKey(platform.keys, { name: "careful", workspaceId: id, expiresAtMs: null }, SYSTEM);
  const client = new Anthropic({ baseURL: platform.url, apiKey: key.secret, maxRetries: 0 });
  return { id, client };
}
const begin = (workspaceId: string) =>
  setDataRetention(platform.keys, { ...SYSTEM, organizationId: platform.organizationId }, workspaceId, {
    zeroDataRetention: true,
  });

test("under zero data retention a message is answered and nothing of it is in the database", async () => {
  const { id, client } = await newWorkspace();
  await begin(id);
  const headers = { "idempotency-key": "once" };
  const reply = await client.messages.create(BODY, { headers });
  expect(reply.content.length).toBeGreaterThan(0);
  // No reply is kept under the key, so the request runs again.
  const { response } = await client.messages.create(BODY, { headers }).withResponse();
  expect(response.headers.get("idempotent-replayed")).toBeNull();
  expect(await dumpTable(platform.storage, "idempotency_entries")).not.toContain(id);
  expect(await dumpTable(platform.storage, "turn_records")).not.toContain("secret prompt");
});

test("batches and files are refused with the reason, before their body is read", async () => {
  const { id, client } = await newWorkspace();
  await begin(id);
  const requests = [{ custom_id: "a", params: BODY }];
  await expect(client.messages.batches.create({ requests })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining("Message batches are not available in a workspace with zero data retention") as string,
  });
  await expect(client.files.upload({ file: new File(["x"], "x.txt") })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining("Files are not available in a workspace with zero data retention") as string,
  });
});

test("what was stored before goes at once: replies, files, and batches that still run", async () => {
  const { id, client } = await newWorkspace();
  const other = await newWorkspace();
  const store = await openFolderBlobStore(join(platform.storage.dataDir, "blobs"));
  const blobs = async () => (await Array.fromAsync(store.list(), ({ key }) => key)).toSorted();
  const kept = await other.client.files.upload({ file: new File(["x"], "x.txt") });
  const others = await blobs();
  await client.messages.create(BODY, { headers: { "idempotency-key": "before" } });
  expect(await dumpTable(platform.storage, "idempotency_entries")).toContain(id);
  const file = await client.files.upload({ file: new File(["x"], "x.txt") });
  const batch = await client.messages.batches.create({ requests: [{ custom_id: "a", params: BODY }] });
  expect((await blobs()).length).toBeGreaterThan(others.length);

  const reply = await fetch(`${platform.url}/v1/organizations/workspaces/${id}/data_retention`, {
    method: "POST",
    headers: { "x-api-key": platform.adminKey, "anthropic-version": "2026-10-21", "content-type": "application/json" },
    body: JSON.stringify({ zero_data_retention: true }),
  });
  expect(await reply.json()).toMatchObject({ workspace_id: id, zero_data_retention: true });
  await expect(client.files.retrieveMetadata(file.id)).rejects.toMatchObject({ status: 404 });
  await expect(client.messages.batches.retrieve(batch.id)).rejects.toMatchObject({ status: 404 });
  for (const table of ["idempotency_entries", "files", "message_batches"]) {
    expect(await dumpTable(platform.storage, table)).not.toContain(id);
  }
  expect(await dumpTable(platform.storage, "batch_items")).not.toContain(batch.id);
  expect(await blobs()).toEqual(others);
  expect((await other.client.files.retrieveMetadata(kept.id)).id).toBe(kept.id);
  expect(await dumpTable(platform.storage, "audit_log")).toContain("workspace.data_retention");
});
