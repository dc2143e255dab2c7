import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync, renameSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fail } from "../../platform/fail.ts";
import { identifyProcess, isAlive, processUsesDirectory, type ProcessIdentity } from "../../platform/process-identity.ts";
import type { StorageLog } from "../log.ts";
import type { PostgresBinaries } from "./binaries.ts";
import { POSTGRES_ENV } from "./cluster.ts";
import { readPostmasterFile } from "./postmaster-file.ts";
import type { RunAs } from "./run-as.ts";
import { postgresArgs, type Layout, type Listen } from "./settings.ts";

const READY_POLL_MS = 5;
/** Crash recovery replays at most `max_wal_size`; a slow disk needs a while for that. */
const READY_TIMEOUT_MS = 120_000;
/** How long the last processes of a killed server may hold its shared memory. */
const LEFTOVER_TIMEOUT_MS = 20_000;
const MAX_LOG_BYTES = 4_000_000;

/** What a start prints while processes of a killed server are still leaving. */
const LEFTOVER = /pre-existing shared memory block|lock file ".*" already exists|could not bind .* address/;

export interface Postmaster {
  readonly pid: number;
  /** Resolves when the server is gone, with why. */
  readonly exited: Promise<string>;
  /** Fast shutdown: running statements are aborted, everything committed is kept. */
  stop(): Promise<void>;
}

export interface PostmasterDeps {
  readonly layout: Layout;
  readonly binaries: PostgresBinaries;
  readonly runAs: RunAs;
  readonly log: StorageLog;
}

/** Starts the server and resolves when it takes connections. A dead server's lock and its leftovers are waited out. */
export async function startPostmaster(deps: PostmasterDeps, listen: Listen): Promise<Postmaster> {
  const deadline = performance.now() + LEFTOVER_TIMEOUT_MS;
  for (;;) {
    await clearOldServer(deps);
    const outcome = await launch(deps, listen);
    if (outcome.ok) return outcome.postmaster;
    if (!LEFTOVER.test(outcome.reason) || performance.now() > deadline) {
      throw fail("api_error", {
        public: "The database could not be started",
        internal: `PostgreSQL did not start: ${outcome.reason}`,
      });
    }
    await sleep(50);
  }
}

type LaunchOutcome = { readonly ok: true; readonly postmaster: Postmaster } | { readonly ok: false; readonly reason: string };

async function launch({ layout, binaries, runAs }: PostmasterDeps, listen: Listen): Promise<LaunchOutcome> {
  const { file, args, ...identity } = runAs.wrap(binaries.postgres, postgresArgs(layout, listen), { dieWithParent: true });
  const logOffset = rotateLog(layout.logFile);
  const logFd = openSync(layout.logFile, "a", 0o600);
  let child: ChildProcess;
  try {
    // Its own session: a Ctrl-C in the terminal reaches Parley, which drains first and stops the server last.
    child = spawn(file, [...args], {
      cwd: layout.root,
      env: POSTGRES_ENV,
      detached: true,
      stdio: ["ignore", logFd, logFd],
      ...identity,
    });
  } finally {
    closeSync(logFd);
  }
  // A property, because the compiler takes a variable that only a callback sets for a constant.
  const ended: { reason: string | null } = { reason: null };
  const exited = new Promise<string>((resolve) => {
    const finish = (text: string) => resolve((ended.reason ??= text));
    child.once("error", (error) => finish(error.message));
    child.once("exit", (code, signal) => finish(signal ? `signal ${signal}` : `exit code ${code}`));
  });
  const deadline = performance.now() + READY_TIMEOUT_MS;
  // The pid is the server's own: unshare and setpriv replace themselves by it.
  while (ended.reason === null) {
    const found = await readPostmasterFile(layout.data);
    if (found?.pid === child.pid && found?.status === "ready") {
      const pid = found.pid;
      return { ok: true, postmaster: { pid, exited, stop: () => stopChild(child, exited) } };
    }
    if (performance.now() > deadline) {
      await stopChild(child, exited);
      return { ok: false, reason: `not ready after ${READY_TIMEOUT_MS} ms: ${readLog(layout.logFile, logOffset)}` };
    }
    await Promise.race([sleep(READY_POLL_MS), exited]);
  }
  return { ok: false, reason: `${ended.reason}: ${readLog(layout.logFile, logOffset)}` };
}

async function stopChild(child: ChildProcess, exited: Promise<string>): Promise<void> {
  for (const [signal, patienceMs] of SHUTDOWN) {
    child.kill(signal);
    if (await settlesWithin(exited, patienceMs)) return;
  }
  await exited;
}

/** Fast, then immediate (recovery at the next start), then what cannot be refused. */
const SHUTDOWN: readonly (readonly ["SIGINT" | "SIGQUIT" | "SIGKILL", number])[] = [
  ["SIGINT", 10_000],
  ["SIGQUIT", 5_000],
  ["SIGKILL", 5_000],
];

async function settlesWithin(promise: Promise<unknown>, patienceMs: number): Promise<boolean> {
  const timer = new AbortController();
  const expired = sleep(patienceMs, false, { signal: timer.signal }).catch(() => false);
  const settled = await Promise.race([promise.then(() => true), expired]);
  timer.abort();
  return settled;
}

/**
 * Stops a server that outlived the Parley which started it, and removes the lock file of one that is dead. PostgreSQL
 * itself only looks whether some process has the pid, which is wrong for a zombie and for a pid given out again.
 */
async function clearOldServer({ layout, log }: PostmasterDeps): Promise<void> {
  const found = await readPostmasterFile(layout.data);
  const identity = found && identifyProcess(found.pid);
  if (found && identity && processUsesDirectory(found.pid, layout.data)) {
    log.warn({ pid: found.pid }, "stopping a PostgreSQL that outlived its Parley");
    await stopStranger(identity);
  }
  await rm(join(layout.data, "postmaster.pid"), { force: true });
}

async function stopStranger(identity: ProcessIdentity): Promise<void> {
  for (const [signal, patienceMs] of SHUTDOWN) {
    try {
      process.kill(identity.pid, signal);
    } catch {
      // Gone between the look and the signal, or not ours to stop; the loop below tells which.
    }
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline) {
      if (!isAlive(identity)) return;
      await sleep(READY_POLL_MS);
    }
  }
  throw fail("api_error", {
    public: "The database could not be started",
    internal: `PostgreSQL with pid ${identity.pid} holds the data directory and does not stop: end it by hand`,
  });
}

/** Keeps the log bounded; returns where this run's lines begin. */
function rotateLog(path: string): number {
  try {
    const size = statSync(path).size;
    if (size <= MAX_LOG_BYTES) return size;
    renameSync(path, `${path}.1`);
  } catch {
    // No log yet.
  }
  return 0;
}

function readLog(path: string, offset: number): string {
  try {
    return readFileSync(path).subarray(offset).toString("utf8").trim().split("\n").slice(-6).join(" | ");
  } catch {
    return "no log";
  }
}
