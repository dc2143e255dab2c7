import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey } from "../../src/auth/manage-api-keys.ts";
import { dumpTable } from "../../src/storage/testing/dump-table.ts";
import { setZeroDataRetention } from "../../src/tenancy/set-zero-data-retention.ts";
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
const setZero = (workspaceId: string, zero: boolean) =>
  setZeroDataRetention(platform.keys, { ...SYSTEM, organizationId: platform.organizationId }, workspaceId, zero);

test("under zero data retention a message is answered and nothing of it is in the database", async () => {
  const { id, client } = await newWorkspace();
  await setZero(id, true);
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
  await setZero(id, true);
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

test("what was stored before is forgotten at once, and files must be deleted first", async () => {
  const { id, client } = await newWorkspace();
  await client.messages.create(BODY, { headers: { "idempotency-key": "before" } });
  expect(await dumpTable(platform.storage, "idempotency_entries")).toContain(id);
  const file = await client.files.upload({ file: new File(["x"], "x.txt") });
  await expect(setZero(id, true)).rejects.toMatchObject({
    publicMessage: "The workspace still has 1 files and 0 batches: delete them first.",
  });
  await client.files.delete(file.id);
  await setZero(id, true);
  expect(await dumpTable(platform.storage, "idempotency_entries")).not.toContain(id);
  expect(await dumpTable(platform.storage, "audit_log")).toContain("workspace.data_retention");
});
