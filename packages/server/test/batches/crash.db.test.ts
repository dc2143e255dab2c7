import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { createBatches } from "../../src/batches/create-batches.ts";
import { openFolderBlobStore } from "../../src/blobs/folder-blob-store.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { openStorage, type Storage } from "../../src/storage/storage.ts";
import { dumpTable } from "../../src/storage/testing/dump-table.ts";
import { silentLog } from "../../src/storage/testing/test-storage.ts";

const WORKER = join(import.meta.dirname, "__fixtures__/batch-worker.ts");
const WORKERS = 3;
const CYCLES = 17;
const REQUESTS = 2_500;
const PRINCIPAL = { organizationId: "org_1", workspaceId: "wrkspc_1", apiKeyId: "apikey_1" };

test(
  "workers killed fifty times, the database too: each request has one result and one charge",
  { timeout: 600_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "parley-batch-crash-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await using storage = await openStorage({ databaseUrl: null, dataDir: folder, log: silentLog, clock: systemClock });
    const blobFolder = join(folder, "blobs");
    const blobs = await openFolderBlobStore(blobFolder);
    const batches = createBatches({ storage, blobs, clock: systemClock, retentionDays: 30, wake() {} });
    const batch = await batches.create(PRINCIPAL, { version: "2026-10-21", betas: [], isBeta: false }, bodyOf(REQUESTS));
    const url = addressOf(storage);
    const start = () =>
      Promise.all(Array.from({ length: WORKERS }, (_, index) => startWorker([url, blobFolder, join(folder, `spool-${index}`)])));

    let kills = 0;
    let databaseKills = 0;
    for (let cycle = 0; cycle < CYCLES; cycle += 1) {
      const workers = await start();
      await sleep(50 + Math.random() * 300);
      const alive = storage.embedded?.pid();
      if (cycle % 4 === 3 && alive) {
        process.kill(alive, "SIGKILL");
        databaseKills += 1;
        await sleep(Math.random() * 200);
      }
      await Promise.all(workers.map(kill));
      kills += WORKERS;
      await expect
        .poll(
          () =>
            storage.ping().then(
              () => "up",
              () => "down",
            ),
          { timeout: 20_000 },
        )
        .toBe("up");
    }
    const killedAt = await countByStatus(storage);
    const last = await start();
    onTestFinished(async () => void (await Promise.all(last.map(kill))));
    await expect
      .poll(async () => (await batches.get(PRINCIPAL, batch.id)).status, { timeout: 240_000, interval: 200 })
      .toBe("ended");

    const ended = await batches.get(PRINCIPAL, batch.id);
    const lines = await readLines((await batches.results(PRINCIPAL, batch.id)).read());
    const results = lines.map(
      (line) => JSON.parse(line) as { custom_id: string; result: { type: string; message: { id: string } } },
    );
    const charged = (await dumpTable(storage, "turn_records"))
      .split("\n")
      .map((row) => JSON.parse(row) as { message_id: string });
    const told = new Set(results.map(({ result }) => result.message.id));
    const lost = REQUESTS - new Set(results.map(({ custom_id: id }) => id)).size;
    const unpaid = [...told].filter((id) => !charged.some((row) => row.message_id === id)).length;
    const unearned = charged.filter((row) => !told.has(row.message_id)).length;
    process.stdout.write(
      `${kills} workers and the database ${databaseKills} times killed over ${REQUESTS} requests (${killedAt} done by then): ` +
        `${lost} results lost, ${results.length - REQUESTS + lost} doubled, ${unpaid} without a charge, ${unearned} charges without a result\n`,
    );
    expect(kills).toBeGreaterThanOrEqual(50);
    expect(killedAt).toBeGreaterThan(100);
    expect(killedAt).toBeLessThan(REQUESTS);
    expect([results.length, lost, unpaid, unearned, charged.length]).toEqual([REQUESTS, 0, 0, 0, REQUESTS]);
    expect(ended).toMatchObject({ succeeded: REQUESTS, errored: 0, canceled: 0, expired: 0 });
    expect(told.size).toBe(REQUESTS);
    expect(await dumpTable(storage, "batch_items")).toBe("");
  },
);

async function* bodyOf(requests: number): AsyncGenerator<Buffer, void, void> {
  yield Buffer.from('{"requests":[');
  for (let index = 0; index < requests; index += 1) {
    const params = { model: "claude-haiku-4-5", max_tokens: 10, messages: [{ role: "user", content: `Question ${index}` }] };
    yield Buffer.from(`${index === 0 ? "" : ","}${JSON.stringify({ custom_id: `r${index}`, params })}`);
  }
  yield Buffer.from("]}");
}

function addressOf(storage: Storage): string {
  const connection = storage.embedded?.connection;
  if (!connection) throw new Error("an embedded server was expected");
  const url = new URL(`postgres://localhost/${connection.database}`);
  url.searchParams.set("host", connection.host);
  url.port = String(connection.port);
  url.username = connection.user;
  url.password = connection.password;
  return url.href;
}

async function startWorker(parameters: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--conditions=source", WORKER, ...parameters], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    child.once("exit", (code) => reject(new Error(`a worker ended with ${String(code)}`)));
  });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

async function countByStatus(storage: Storage): Promise<number> {
  const rows = (await dumpTable(storage, "batch_items")).split("\n");
  return rows.filter((row) => (JSON.parse(row) as { status: string }).status === "succeeded").length;
}

async function readLines(content: AsyncIterable<Uint8Array>): Promise<string[]> {
  return Buffer.concat(await Array.fromAsync(content))
    .toString("utf8")
    .trimEnd()
    .split("\n");
}
