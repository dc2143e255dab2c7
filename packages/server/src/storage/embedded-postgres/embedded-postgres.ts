import { mkdir, realpath } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fail } from "../../platform/fail.ts";
import { identifyProcess, isAlive, type ProcessIdentity } from "../../platform/process-identity.ts";
import type { StorageLog } from "../log.ts";
import { locatePostgresBinaries } from "./binaries.ts";
import { ensureCluster, readPassword } from "./cluster.ts";
import { lockDirectory } from "../../platform/directory-lock.ts";
import { readPostmasterFile } from "./postmaster-file.ts";
import { startPostmaster, type Postmaster, type PostmasterDeps } from "./postmaster.ts";
import { chooseRunAs } from "./run-as.ts";
import { DATABASE, layoutOf, socketListen, SUPERUSER, type Layout, type Listen } from "./settings.ts";

const GUEST_POLL_MS = 20;
const GUEST_TIMEOUT_MS = 30_000;
const MAX_RESTART_DELAY_MS = 5_000;

interface PostgresConnection {
  /** A socket's directory or a loopback address. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface EmbeddedPostgres extends AsyncDisposable {
  /** The owner started the server, restarts it when it dies and stops it; a guest uses another Parley's. */
  readonly role: "owner" | "guest";
  readonly connection: PostgresConnection;
  /** Null while it is being restarted. */
  pid(): number | null;
  close(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Created when missing; holds everything of this server and is private to its user. */
  readonly directory: string;
  readonly log: StorageLog;
}

/**
 * Starts the PostgreSQL of the npm packages on a private directory and keeps it running. A second Parley on the same
 * directory becomes a guest of the first. Throws a failure whose internal text names the remedy.
 */
export async function startEmbeddedPostgres({ directory, log }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // The server compares and prints real paths (/tmp is a link on macOS).
  const layout = layoutOf(await realpath(directory));
  for (;;) {
    const lock = await lockDirectory(layout.lockFile);
    if (!lock.held) {
      const guest = await joinAsGuest(layout, lock.owner);
      if (guest) return guest;
      continue;
    }
    try {
      return await startAsOwner(layout, log, () => lock.release());
    } catch (error) {
      await lock.release();
      throw error;
    }
  }
}

async function startAsOwner(layout: Layout, log: StorageLog, release: () => Promise<void>): Promise<EmbeddedPostgres> {
  const binaries = locatePostgresBinaries();
  const runAs = await chooseRunAs({ postgres: binaries.postgres });
  const startedMs = performance.now();
  const cluster = await ensureCluster(layout, binaries, runAs);
  const listen = socketListen(layout) ?? { kind: "tcp", port: await findFreePort() };
  const deps: PostmasterDeps = { layout, binaries, runAs, log };
  const first = await startPostmaster(deps, listen);
  log.info(
    { pid: first.pid, cluster, runAs: runAs.kind, listen: listen.kind, tookMs: Math.round(performance.now() - startedMs) },
    "PostgreSQL is ready",
  );
  const supervisor = supervise(first, deps, listen);
  let closing: Promise<void> | null = null;
  const close = () => (closing ??= supervisor.stop().then(release));
  return {
    role: "owner",
    connection: await connectionOf(layout, listen),
    pid: supervisor.pid,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Restarts the server whenever it dies, at once and then ever more slowly, until told to stop. */
function supervise(first: Postmaster, deps: PostmasterDeps, listen: Listen) {
  let current: Postmaster | null = first;
  const stopped = new AbortController();

  async function keepRunning(): Promise<void> {
    while (!stopped.signal.aborted) {
      const reason = await current?.exited;
      if (stopped.signal.aborted) return;
      current = null;
      deps.log.error({ reason }, "PostgreSQL ended by itself; restarting it");
      await restart();
    }
  }

  async function restart(): Promise<void> {
    for (let delayMs = 0; !stopped.signal.aborted; delayMs = Math.min(MAX_RESTART_DELAY_MS, delayMs * 2 + 100)) {
      await sleep(delayMs, undefined, { signal: stopped.signal }).catch(() => undefined);
      if (stopped.signal.aborted) return;
      const startedMs = performance.now();
      try {
        current = await startPostmaster(deps, listen);
        deps.log.warn({ pid: current.pid, tookMs: Math.round(performance.now() - startedMs) }, "PostgreSQL is back");
        return;
      } catch (error) {
        deps.log.error({ err: error }, "PostgreSQL could not be restarted; trying again");
      }
    }
  }

  const loop = keepRunning();
  return {
    pid: () => current?.pid ?? null,
    async stop(): Promise<void> {
      stopped.abort();
      await current?.stop();
      await loop;
      // A restart that was under way when we were told to stop.
      await current?.stop();
    },
  };
}

/** Null when the owner died before its server was ready: then the directory is free to be owned. */
async function joinAsGuest(layout: Layout, owner: ProcessIdentity): Promise<EmbeddedPostgres | null> {
  const deadline = performance.now() + GUEST_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const found = await readPostmasterFile(layout.data);
    // A file left by a killed server says "ready" too, until the owner clears it.
    if (found?.status === "ready" && identifyProcess(found.pid)) {
      const listen = socketListen(layout) ?? { kind: "tcp", port: found.port };
      return {
        role: "guest",
        connection: await connectionOf(layout, listen),
        pid: () => found.pid,
        close: async () => {},
        [Symbol.asyncDispose]: async () => {},
      };
    }
    if (!isAlive(owner)) return null;
    await sleep(GUEST_POLL_MS);
  }
  throw fail("api_error", {
    public: "The database could not be started",
    internal: `${layout.root} belongs to the running Parley with pid ${owner.pid}, and its database is not ready after ${GUEST_TIMEOUT_MS} ms`,
  });
}

async function connectionOf(layout: Layout, listen: Listen): Promise<PostgresConnection> {
  return {
    host: listen.kind === "socket" ? layout.socketDirectory : "127.0.0.1",
    port: listen.port,
    user: SUPERUSER,
    password: await readPassword(layout),
    database: DATABASE,
  };
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}
