import { spawn } from "node:child_process";
import { chown, mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import type { Duplex, Readable } from "node:stream";
import { toBubblewrapArguments } from "./bubblewrap-arguments.ts";
import { keepEnds } from "./bounded-text.ts";
import type { FoundSandbox } from "./find-sandbox.ts";
import { freezeProcesses } from "./freeze-processes.ts";
import { answerLines } from "./answer-lines.ts";
import { measureFolder } from "./measure-folder.ts";
import { createRunTimer } from "./run-timer.ts";
import { HOME_PART, type Sandbox, type SandboxEnd, type SandboxJob, type SandboxLimits, TALK_FD, WORK_PART } from "./sandbox.ts";
import { watchRun } from "./watch-run.ts";

/** Of each of a program's two streams: what is kept, and what is more than anybody reads. */
const KEEP_BYTES = 24_000;
const FLOOD_BYTES = 16 * 1024 ** 2;
const GONE_POLL_MS = 2;
/** A killed namespace is gone in milliseconds; one stuck in the kernel's input or output may take longer. */
const GONE_WITHIN_MS = 10_000;
/** A third of the processor that an equal would get: models come first, and programs still end in their time. */
const NICENESS = 5;
const FILTER_FD = 3;
const INFO_FD = 4;

const NOTHING = { text: "", droppedBytes: 0 };
const FULL = { exitCode: 1, stdout: NOTHING, stderr: NOTHING, endedBy: "disk" } as const;

export function createSandbox(found: FoundSandbox, limits: SandboxLimits): Sandbox {
  const { isRoot } = found.facts;

  async function makeFolder(path: string, userId: number): Promise<string> {
    await mkdir(path, { recursive: true, mode: 0o755 });
    if (isRoot) await chown(path, userId, userId);
    return path;
  }

  /** Each run's own, beside what the container can write. */
  async function writeCode(folder: string, code: SandboxJob["code"]): Promise<string | null> {
    if (code === undefined) return null;
    const codeFolder = await mkdtemp(join(folder, "code-"));
    for (const [name, text] of Object.entries(code)) await writeFile(join(codeFolder, name), text, { mode: 0o644 });
    // What mkdtemp makes is for its owner alone, who in the sandbox is somebody else.
    const handle = await open(codeFolder);
    try {
      await handle.chmod(0o755);
    } finally {
      await handle.close();
    }
    return codeFolder;
  }

  return {
    async run(job, signal) {
      signal.throwIfAborted();
      // It ended a run before: how far it went over then is all that it ever can.
      const { bytes, entries } = await measureFolder(job.folder, { bytes: limits.diskBytes, entries: limits.diskEntries });
      if (bytes > limits.diskBytes || entries > limits.diskEntries) return FULL;
      const workFolder = await makeFolder(join(job.folder, WORK_PART), job.userId);
      const homeFolder = await makeFolder(join(job.folder, HOME_PART), job.userId);
      const codeFolder = await writeCode(job.folder, job.code);
      const filter = await open(found.seccompFile);
      try {
        const place = { workFolder, homeFolder, codeFolder, mounts: job.mounts ?? [], userId: job.userId };
        const args = toBubblewrapArguments(found.facts, place, limits, {
          seccompFd: FILTER_FD,
          infoFd: INFO_FD,
          command: job.command,
          waitsMs: job.talk?.waitsMs ?? 0,
        });
        return await runProgram(found.bubblewrap, args, { job, limits, filterFd: filter.fd, signal });
      } finally {
        await filter.close();
        if (codeFolder !== null) await rm(codeFolder, { recursive: true, force: true });
      }
    },
  };
}

async function runProgram(
  bubblewrap: string,
  args: readonly string[],
  {
    job,
    limits,
    filterFd,
    signal,
  }: { readonly job: SandboxJob; readonly limits: SandboxLimits; readonly filterFd: number; readonly signal: AbortSignal },
): ReturnType<Sandbox["run"]> {
  // A shell whose input is a socket, as a pipe of ours is, takes itself for a login from afar.
  const input = job.stdin === undefined ? "ignore" : "pipe";
  // In the order of the descriptors; the last is `TALK_FD`, a socket that both write to.
  const talking = job.talk === undefined ? [] : (["pipe"] as const);
  const child = spawn(bubblewrap, args, { env: {}, stdio: [input, "pipe", "pipe", filterFd, "pipe", ...talking] });
  const { promise: closed, resolve, reject } = Promise.withResolvers<{ readonly code: number | null }>();
  child.once("error", reject);
  child.once("close", (code) => resolve({ code }));
  // Others wait for this machine's models.
  if (child.pid !== undefined) trySetPriority(child.pid);

  let endedBy: SandboxEnd | null = null;
  let firstPid: number | null = null;
  const kill = (): void => {
    // The first process of the namespace, with which the kernel ends all others; bubblewrap's own ends with it.
    if (firstPid !== null) tryKill(firstPid);
    child.kill("SIGKILL");
  };
  const end = (why: SandboxEnd): void => {
    endedBy ??= why;
    kill();
  };
  const info = (child.stdio[INFO_FD] as Readable).setEncoding("utf8");
  let infoText = "";
  info.on("data", (text: string) => {
    infoText += text;
    firstPid ??= Number(/"child-pid"\s*:\s*(\d+)/.exec(infoText)?.[1] ?? Number.NaN) || null;
  });
  info.on("error", () => {});
  const flood = { keepBytes: job.keepBytes ?? KEEP_BYTES, floodBytes: FLOOD_BYTES, onFlood: () => end("output") };
  const stdout = keepEnds(child.stdio[1] as Readable, flood);
  const stderr = keepEnds(child.stdio[2] as Readable, flood);
  // A program that reads nothing closes its end.
  child.stdin?.on("error", () => {});
  child.stdin?.end(job.stdin);

  const timer = createRunTimer(limits.timeoutMs, () => end("time"));
  // What cannot be held would compute for as long as it waits.
  const freeze = () => (child.pid === undefined ? async () => {} : freezeProcesses(child.pid, () => end("time")));
  const talk = job.talk === undefined ? null : ((child.stdio as readonly unknown[])[TALK_FD] as Duplex);
  const stopAnswering = talk === null || job.talk === undefined ? () => {} : answerLines(talk, job.talk, { timer, freeze, end });
  const isIdle = (): boolean => timer.isPaused();
  const stopWatching = child.pid === undefined ? () => {} : watchRun({ pid: child.pid, folder: job.folder, limits, isIdle }, end);
  signal.addEventListener("abort", kill, { once: true });
  try {
    const { code } = await closed;
    if (firstPid !== null) await gone(firstPid);
    signal.throwIfAborted();
    if (firstPid === null && endedBy === null) throw new Error(`no sandbox was started: ${stderr.read().text.slice(0, 500)}`);
    return { exitCode: code ?? 128 + constants.signals.SIGKILL, stdout: stdout.read(), stderr: stderr.read(), endedBy };
  } finally {
    timer.stop();
    stopAnswering();
    stopWatching();
    signal.removeEventListener("abort", kill);
  }
}

/** Until the first process of a namespace is no more, and so nothing that was begun in it can touch the container's files. */
async function gone(pid: number): Promise<void> {
  const deadline = performance.now() + GONE_WITHIN_MS;
  for (;;) {
    const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
    // Who inherits it may not have looked yet; a zombie does nothing any more.
    if (text === null || /\) [ZX] /.test(text)) return;
    tryKill(pid);
    if (performance.now() > deadline) throw new Error("a sandbox does not end");
    await new Promise((resolve) => setTimeout(resolve, GONE_POLL_MS));
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

function trySetPriority(pid: number): void {
  try {
    setPriority(pid, NICENESS);
  } catch {
    // It has ended.
  }
}
