import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { openStorage, type Storage } from "../storage/storage.ts";
import { silentLog } from "../storage/testing/test-storage.ts";
import { countTurnRecords, findTurnRecords } from "../storage/turn-records.ts";
import { sampleTurn } from "./__fixtures__/sample-turn.ts";
import { createLedger } from "./create-ledger.ts";

const ROUNDS = 10;
const WRITER = fileURLToPath(new URL("./__fixtures__/ledger-writer.ts", import.meta.url));

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-crash-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** These tests kill the server, so it is always an embedded one of their own. */
async function openEmbedded(dataDir: string): Promise<Storage> {
  return openStorage({ databaseUrl: null, dataDir, log: silentLog, clock: systemClock });
}

/** The server is kept away until the writer has begun to put its rows on disk. */
async function untilSpooling(spoolDir: string): Promise<void> {
  await expect.poll(() => readdir(spoolDir), { timeout: 10_000 }).not.toEqual([]);
}

function killServer(storage: Storage): void {
  const pid = storage.embedded?.pid();
  if (pid) process.kill(pid, "SIGKILL");
}

test(
  "PostgreSQL killed ten times under load: nothing acknowledged is lost, nothing is doubled",
  { timeout: 240_000 },
  async () => {
    const dataDir = await temporaryFolder();
    const acknowledged: string[] = [];
    let refused = 0;
    const backAfterMs: number[] = [];
    {
      await using storage = await openEmbedded(dataDir);
      await using ledger = await createLedger({ storage, spoolDir: join(dataDir, "spool"), log: silentLog });
      const stopped = new AbortController();
      let next = 0;
      const writers = Array.from({ length: 16 }, async () => {
        while (!stopped.signal.aborted) {
          const id = `req_kill_${next++}`;
          await ledger.record(sampleTurn(id)).then(
            () => acknowledged.push(id),
            () => {
              refused += 1;
            },
          );
          // 16 streams of very short turns; the disk alone would take ten times as many.
          await sleep(5);
        }
      });
      try {
        for (let round = 0; round < ROUNDS; round += 1) {
          await sleep(100 + Math.random() * 300);
          const pid = storage.embedded?.pid();
          killServer(storage);
          const killedMs = performance.now();
          await expect.poll(() => storage.embedded?.pid() ?? pid, { timeout: 20_000, interval: 10 }).not.toBe(pid);
          await expect.poll(() => storage.ping().then(() => "up"), { timeout: 20_000, interval: 10 }).toBe("up");
          backAfterMs.push(performance.now() - killedMs);
        }
      } finally {
        stopped.abort();
        await Promise.all(writers);
      }
      await expect.poll(() => ledger.isSpooling(), { timeout: 10_000 }).toBe(false);
    }
    await using reopened = await openEmbedded(dataDir);
    const found = await findTurnRecords(reopened, acknowledged);
    const stored = await countTurnRecords(reopened);
    process.stdout.write(
      `server killed ${ROUNDS} times: ${acknowledged.length} acknowledged, ${acknowledged.length - found.size} lost, ` +
        `${stored} rows, ${refused} refused; back after ${Math.min(...backAfterMs).toFixed(0)} to ${Math.max(...backAfterMs).toFixed(0)} ms\n`,
    );
    expect(acknowledged.length).toBeGreaterThan(200);
    expect(found.size).toBe(acknowledged.length);
    expect(stored).toBe(acknowledged.length);
  },
);

test(
  "the writer killed ten times, the server too in half of them: nothing acknowledged is lost or doubled",
  { timeout: 240_000 },
  async () => {
    const dataDir = await temporaryFolder();
    const spoolDir = join(dataDir, "spool");
    let storage = await openEmbedded(dataDir);
    onTestFinished(() => storage.close());
    const connection = storage.embedded?.connection;
    if (!connection) throw new Error("an embedded server was expected");
    const url = new URL(`postgres://localhost/${connection.database}`);
    url.searchParams.set("host", connection.host);
    url.port = String(connection.port);
    url.username = connection.user;
    url.password = connection.password;

    const acknowledged: string[] = [];
    let roundsWithSpool = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const writer = spawn(process.execPath, ["--conditions=source", WRITER, url.href, spoolDir, `req_w${round}`], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let output = "";
      writer.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
      const ended = new Promise<void>((resolve) => writer.once("close", () => resolve()));
      await expect.poll(() => output, { timeout: 30_000, interval: 10 }).toContain("ready\n");
      await sleep(100 + Math.random() * 300);
      const serverToo = round % 2 === 1;
      if (serverToo) {
        killServer(storage);
        await storage.close();
        await untilSpooling(spoolDir);
        await sleep(Math.random() * 300);
      }
      writer.kill("SIGKILL");
      await ended;
      if ((await readdir(spoolDir)).length > 0) roundsWithSpool += 1;
      if (serverToo) storage = await openEmbedded(dataDir);
      // The last line may be torn by the kill.
      acknowledged.push(
        ...output
          .split("\n")
          .slice(0, -1)
          .filter((line) => line !== "ready"),
      );
    }
    await using ledger = await createLedger({ storage, spoolDir, log: silentLog });
    await expect.poll(() => ledger.isSpooling(), { timeout: 10_000 }).toBe(false);
    const found = await findTurnRecords(storage, acknowledged);
    const stored = await countTurnRecords(storage);
    process.stdout.write(
      `writer killed ${ROUNDS} times (server in ${ROUNDS / 2}): ${acknowledged.length} acknowledged, ${acknowledged.length - found.size} lost, ` +
        `${stored} rows, rows left on disk after ${roundsWithSpool} kills\n`,
    );
    expect(acknowledged.length).toBeGreaterThan(200);
    expect(found.size).toBe(acknowledged.length);
    // Rows committed but not yet acknowledged when the writer died: at most those in flight.
    expect(stored - acknowledged.length).toBeLessThanOrEqual(16 * ROUNDS);
    expect(roundsWithSpool).toBe(ROUNDS / 2);
    expect(await readdir(spoolDir)).toEqual([]);
  },
);
