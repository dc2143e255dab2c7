// Programs that a script of ours has started, and that end with it: one that is told to stop leaves nothing behind.
import { spawn } from "node:child_process";

const running = new Set();
const cleanups = new Set();
/** What does not end when it is told to, as the compiler of TypeScript, is ended. */
const PATIENCE_MS = 5_000;
let isEnding = false;
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

for (const [signal, status] of Object.entries(SIGNALS))
  process.once(signal, () => void endAll().then(() => process.exit(status)));

/** A program in a process group of its own, so that what it starts can be ended with it. */
export function startChild(file, args, options) {
  const child = spawn(file, args, { ...options, detached: true });
  running.add(child);
  child.ended = new Promise((resolve) => child.once("close", resolve).once("error", () => resolve(null)));
  void child.ended.then(() => running.delete(child));
  return child;
}

/** Its exit status, null where a signal ended it or it could not be started. Never, once we are told to stop. */
export async function runChild(file, args, options) {
  const status = isEnding ? null : await startChild(file, args, options).ended;
  return isEnding ? new Promise(() => {}) : status;
}

/** Called where we are told to stop; returns what calls it now instead. */
export function atEnd(cleanup) {
  cleanups.add(cleanup);
  return () => {
    cleanups.delete(cleanup);
    cleanup();
  };
}

async function endAll() {
  isEnding = true;
  const ended = Promise.all([...running].map((child) => child.ended));
  for (const child of running) signalGroup(child, "SIGTERM");
  const timer = setTimeout(() => {
    for (const child of running) signalGroup(child, "SIGKILL");
  }, PATIENCE_MS);
  await ended;
  clearTimeout(timer);
  for (const cleanup of cleanups) cleanup();
}

function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
