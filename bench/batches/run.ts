/**
 * A batch of many small requests against a real server: how long its creation takes, what memory it takes, and how fast
 * results come back.
 *
 *   node --conditions=source bench/batches/run.ts [--requests N] [--results-mb N]
 *
 * Weights are not asked: the batch is canceled once it is created, while the first requests may run. The large results are
 * put beside the server as a batch that has ended. Linux only: it reads /proc. `PARLEY_TEST_MODELS` names the folder of weights.
 */
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { openFolderBlobStore } from "../../packages/server/src/blobs/folder-blob-store.ts";
import { systemClock } from "../../packages/server/src/platform/clock.ts";
import { endBatch, insertBatch, openBatch } from "../../packages/server/src/storage/batches.ts";
import { openStorage } from "../../packages/server/src/storage/storage.ts";
import { dumpTable } from "../../packages/server/src/storage/testing/dump-table.ts";
import { SMALL, startParley } from "../../packages/server/test/support/start-parley.ts";

const MEGABYTE = 1024 * 1024;
const { values } = parseArgs({
  options: { requests: { type: "string", default: "100000" }, "results-mb": { type: "string", default: "1000" } },
});
const requests = Number(values.requests);
const resultsBytes = Number(values["results-mb"]) * MEGABYTE;

await using parley = await startParley({ model: SMALL, env: { PARLEY_LOG_LEVEL: "warn" } });
const pid = parley.child.pid ?? 0;
const headers = { "x-api-key": parley.apiKey, "anthropic-version": "2026-10-21", "content-type": "application/json" };
// What a first batch costs (code, plans of statements) is not this one's.
await cancel((await create(10)).id);

const before = memory();
const creation = await create(requests);
const after = memory();
print(`${requests} requests, ${(creation.sentBytes / MEGABYTE).toFixed(1)} MB: created in ${seconds(creation.tookMs)}`);
print(`resident memory: ${mb(before.resident)} before, peak ${mb(after.peak)}: ${mb(after.peak - before.resident)} more`);
const canceledAtMs = performance.now();
await cancel(creation.id);
print(`canceled and ended in ${seconds(performance.now() - canceledAtMs)}`);
const small = await download(creation.id);
print(`its ${requests} results: ${(small.bytes / MEGABYTE).toFixed(1)} MB in ${seconds(small.tookMs)}`);

const largeId = await placeEndedBatch();
const large = await download(largeId);
const rate = large.bytes / MEGABYTE / (large.tookMs / 1_000);
print(`results of ${mb(large.bytes)} streamed in ${seconds(large.tookMs)}: ${rate.toFixed(0)} MB/s; peak ${mb(memory().peak)}`);

async function create(count: number): Promise<{ id: string; tookMs: number; sentBytes: number }> {
  let sentBytes = 0;
  function* body() {
    let piece = '{"requests":[';
    for (let index = 0; index < count; index += 1) {
      const messages = [{ role: "user", content: `Summarize report number ${index} in one sentence, please.` }];
      const params = { model: "claude-haiku-4-5", max_tokens: 50, system: "You are terse.", messages };
      piece += `${index === 0 ? "" : ","}${JSON.stringify({ custom_id: `report-${index}`, params })}`;
      if (piece.length < 65_536) continue;
      sentBytes += piece.length;
      yield Buffer.from(piece);
      piece = "";
    }
    sentBytes += piece.length + 2;
    yield Buffer.from(`${piece}]}`);
  }
  const begunAtMs = performance.now();
  const reply = await new Promise<string>((resolve, reject) => {
    const post = request(`${parley.url}/v1/messages/batches`, { method: "POST", headers }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => resolve(Buffer.concat(chunks).toString()));
    });
    pipeline(Readable.from(body()), post).catch(reject);
  });
  const { id } = JSON.parse(reply) as { id?: string };
  if (id === undefined) throw new Error(reply);
  return { id, tookMs: performance.now() - begunAtMs, sentBytes };
}

async function cancel(id: string): Promise<void> {
  await fetch(`${parley.url}/v1/messages/batches/${id}/cancel`, { method: "POST", headers });
  for (;;) {
    const batch = (await (await fetch(`${parley.url}/v1/messages/batches/${id}`, { headers })).json()) as { ended_at: unknown };
    if (batch.ended_at !== null) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function download(id: string): Promise<{ bytes: number; tookMs: number }> {
  const begunAtMs = performance.now();
  const reply = await fetch(`${parley.url}/v1/messages/batches/${id}/results`, { headers });
  let bytes = 0;
  for await (const chunk of reply.body ?? []) bytes += (chunk as Uint8Array).length;
  return { bytes, tookMs: performance.now() - begunAtMs };
}

/** A batch whose results are one large blob, written as the server writes its own. */
async function placeEndedBatch(): Promise<string> {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  await using storage = await openStorage({ databaseUrl: null, dataDir: parley.dataDir, log, clock: systemClock });
  const workspace = JSON.parse(await dumpTable(storage, "workspaces")) as { id: string; organization_id: string };
  const id = "msgbatch_bench";
  const now = new Date();
  const counts = { requests: 1, succeeded: 1, errored: 0, canceled: 0, expired: 0 };
  await insertBatch(storage, {
    id,
    organizationId: workspace.organization_id,
    workspaceId: workspace.id,
    apiKeyId: "apikey_bench",
    userId: null,
    status: "creating",
    version: "2026-10-21",
    betas: [],
    isBeta: false,
    createdAt: now,
    expiresAt: now,
    cancelInitiatedAt: null,
    endedAt: null,
    archivedAt: null,
    requestsKey: null,
    resultsKey: null,
    resultsBytes: null,
    ...counts,
  });
  const blobs = await openFolderBlobStore(join(parley.dataDir, "blobs"));
  const resultsKey = `batches/${id}/results`;
  async function* lines() {
    const line = Buffer.from(`${JSON.stringify({ custom_id: "x", text: "y".repeat(MEGABYTE - 100) })}\n`);
    for (let written = 0; written < resultsBytes; written += line.length) yield line;
  }
  const { sizeBytes } = await blobs.put(resultsKey, lines());
  await openBatch(
    storage,
    { id, organizationId: workspace.organization_id, workspaceId: workspace.id },
    { requests: 1, createdAt: now, expiresAt: new Date(now.getTime() + 60_000) },
    null,
  );
  await endBatch(storage, id, { ...counts, resultsKey, resultsBytes: sizeBytes, endedAt: now });
  return id;
}

function memory(): { readonly resident: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
  return { resident: of("VmRSS"), peak: of("VmHWM") };
}

function mb(bytes: number): string {
  return `${Math.round(bytes / MEGABYTE)} MB`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
