import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished } from "vitest";
import { ensureFirstOrganization } from "../../src/auth/ensure-first-organization.ts";
import { createKey } from "../../src/auth/manage-api-keys.ts";
import { createBatches } from "../../src/batches/create-batches.ts";
import { openFolderBlobStore } from "../../src/blobs/folder-blob-store.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { openStorage, type Storage } from "../../src/storage/storage.ts";
import { databaseUrlOf } from "../../src/storage/testing/database-url-of.ts";
import { silentLog } from "../../src/storage/testing/test-storage.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";

const NODE = join(import.meta.dirname, "__fixtures__/crash-node.ts");

/** Longer than a batch may take to come in. */
const SWEEP_AFTER_MS = 7 * 3_600_000;

type Victim = "server" | "worker" | "database";

/** A server, a worker and the database below them, each a process of its own. */
export async function startNodes() {
  const folder = await mkdtemp(join(tmpdir(), "parley-crash-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  // It is killed, so it is always an embedded one of the test's own.
  const open = () => openStorage({ databaseUrl: null, dataDir: folder, log: silentLog, clock: systemClock });
  let storage = await open();
  onTestFinished(() => storage.close());
  const databaseUrl = databaseUrlOf(storage);
  const hmacKey = randomBytes(32);
  const deps = { storage, hmacKey, auditKey: randomBytes(32), clock: systemClock, authenticator: null };
  const { workspaceId } = await ensureFirstOrganization(deps);
  const { secret: apiKey } = await createKey(deps, { name: "crash", workspaceId, expiresAtMs: null }, SYSTEM);
  const spools = { server: join(folder, "spool-server"), worker: join(folder, "spool-worker") };
  const blobFolder = join(folder, "blobs");
  const address = { url: "", apiKey };
  const running: Record<"server" | "worker", ChildProcess | null> = { server: null, worker: null };

  async function start(role: "server" | "worker"): Promise<void> {
    const parameters = [role, databaseUrl, blobFolder, spools[role], hmacKey.toString("hex")];
    const child = spawn(process.execPath, ["--conditions=source", NODE, ...parameters], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, NODE_COMPILE_CACHE: join(import.meta.dirname, "../../../../node_modules/.cache/compiled") },
    });
    running[role] = child;
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first: unknown = (await lines.next()).value;
    if (typeof first !== "string") throw new Error(`the ${role} ended with ${String(child.exitCode)} before it was ready`);
    if (role === "server") address.url = first;
  }

  function killDatabase(): void {
    const pid = storage.embedded?.pid();
    if (pid) process.kill(pid, "SIGKILL");
  }

  async function kill(victim: Victim): Promise<void> {
    if (victim === "database") return killDatabase();
    const child = running[victim];
    running[victim] = null;
    if (victim === "server") address.url = "";
    if (child === null || child.exitCode !== null || child.signalCode !== null) throw new Error(`the ${victim} ended by itself`);
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  async function revive(): Promise<void> {
    await expect.poll(() => storage.ping().then(() => "up"), { timeout: 30_000, interval: 20 }).toBe("up");
    await Promise.all((["server", "worker"] as const).filter((role) => running[role] === null).map(start));
  }

  onTestFinished(async () => {
    for (const role of ["server", "worker"] as const) if (running[role] !== null) await kill(role);
  });
  await revive();
  return {
    get storage(): Storage {
      return storage;
    },
    address,
    spools,
    kill,
    /** Waits for the database, and starts those that are not there. */
    revive,
    /** The batches' sweep, as it would be in seven hours. */
    async sweepLater() {
      const clock = { ...systemClock, nowMs: () => Date.now() + SWEEP_AFTER_MS };
      const blobs = await openFolderBlobStore(blobFolder);
      await createBatches({ storage, blobs, clock, retentionDays: 30, wake() {} }).sweep();
    },
    async takeDatabaseAway() {
      killDatabase();
      await storage.close();
    },
    async bringDatabaseBack() {
      storage = await open();
    },
  };
}
