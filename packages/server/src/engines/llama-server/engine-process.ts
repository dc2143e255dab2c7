import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { StateLine } from "./api.ts";
import { createEngineSocket } from "./engine-socket.ts";
import type { EngineFolder } from "./run-folder.ts";
import { childEnvironment } from "../child-environment.ts";

/**
 * Runs the engine and ends it when our end of standard input closes, so also when we die by SIGKILL. Plain `sh`, because
 * neither Node nor macOS can ask the kernel to do that. Standard input carries nothing and is the engine's too.
 */
const LIFELINE_SCRIPT = `
exec 3<&0
"$@" <&3 & engine=$!
echo "engine-pid $engine"
(read -r _ <&3; kill -9 "$engine") 2>/dev/null & watcher=$!
wait "$engine"; code=$?
kill "$watcher" 2>/dev/null
exit "$code"
`;
const PID_LINE = /^engine-pid (\d+)$/;
/** Lines that llama-server writes for a parent it takes for its router; no other channel tells how far a load is. */
const STATE_PREFIX = "cmd_child_to_router:state:";
const READY_POLL_MS = 25;
const KEPT_LINES = 40;

const HealthReply = z.object({ status: z.string() });

export interface EngineProcess {
  readonly pid: number;
  /** Resolves when the process has ended, with how it ended: for the log. */
  readonly gone: Promise<string>;
  /** Ends the process at once; it has nothing to save. */
  end(): void;
}

export interface EngineProcessOptions {
  readonly binary: string;
  readonly args: readonly string[];
  readonly folder: EngineFolder;
  readonly signal: AbortSignal;
  /** Called with 0 to 1 while weights are read. */
  readonly onLoadProgress: (fraction: number) => void;
  readonly onLogLine: (line: string) => void;
}

/** Starts llama-server and waits until it serves. Throws with its last words when it ends before that. */
export async function startEngineProcess(options: EngineProcessOptions): Promise<EngineProcess> {
  const { binary, args, folder, signal, onLoadProgress, onLogLine } = options;
  signal.throwIfAborted();
  // Detached: a Ctrl-C in the terminal must reach only Parley, which drains before it ends the engine.
  const shell = spawn("sh", ["-c", LIFELINE_SCRIPT, "sh", binary, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    env: { ...childEnvironment(process.env), LLAMA_SERVER_ROUTER_PORT: "0" },
  });
  const lastLines: string[] = [];
  const pid = Promise.withResolvers<number>();
  const onLine = (line: string): void => {
    const pidLine = PID_LINE.exec(line);
    if (pidLine) return pid.resolve(Number(pidLine[1]));
    if (line.startsWith(STATE_PREFIX)) {
      const state = StateLine.safeParse(parseJson(line.slice(STATE_PREFIX.length)));
      if (state.success && state.data.state === "loading") onLoadProgress(state.data.payload?.value ?? 0);
      return;
    }
    if (line.trim() === "") return;
    lastLines.push(line);
    if (lastLines.length > KEPT_LINES) lastLines.shift();
    onLogLine(line);
  };
  createInterface({ input: shell.stdout }).on("line", onLine);
  createInterface({ input: shell.stderr }).on("line", onLine);
  // The lifeline breaks when the engine is gone; that is what `gone` reports.
  shell.stdin.on("error", () => {});

  const gone = new Promise<string>((resolve) => {
    shell.on("error", (error) => resolve(`it did not start: ${error.message}`));
    shell.on("exit", (code, killedBy) => {
      // The shell itself was killed: the lifeline is ours, so closing it still ends the engine.
      shell.stdin.end();
      resolve(killedBy === null ? describeExit(code ?? 0) : `its shell was ended by ${killedBy}`);
    });
  });
  const end = (): void => void shell.stdin.end();

  let ended: string | undefined;
  void gone.then((how) => (ended = how));
  try {
    const enginePid = await Promise.race([pid.promise, gone.then(() => undefined)]);
    if (enginePid !== undefined) await folder.record(enginePid);
    const socket = createEngineSocket(folder.socket);
    for (;;) {
      if (ended !== undefined || enginePid === undefined) {
        throw new Error(`llama-server ended before it was ready (${ended ?? "no pid"}): ${lastLines.slice(-8).join(" | ")}`);
      }
      const ready = await socket.call("/health", HealthReply, { signal }).then(
        () => true,
        () => false,
      );
      if (ready) return { pid: enginePid, gone, end };
      await sleep(READY_POLL_MS, undefined, { signal });
    }
  } catch (error) {
    end();
    await gone;
    throw signal.aborted ? signal.reason : error;
  }
}

function describeExit(code: number): string {
  // A shell reports a signal as 128 plus its number.
  return code > 128 ? `signal ${code - 128}` : `exit code ${code}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
