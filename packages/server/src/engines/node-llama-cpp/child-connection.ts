import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { BackendGone, GrammarRejected, type DecodeEvent } from "../backend.ts";
import type { ChildMessage, Command, CommandResult, DecodeCommand, LoadOptions, ParentMessage } from "./ipc.ts";
import { childEnvironment } from "../child-environment.ts";

/** The child refuses by itself after 2 s; this is for a compile that never returns. */
const GRAMMAR_KILL_MS = 5_000;
const STDERR_LINES = 20;

export interface ConnectionOptions {
  readonly load: LoadOptions;
  /** The child is killed when calls are under way and it has said nothing for so long. */
  readonly stallTimeoutMs: number;
  readonly onLoadProgress?: (fraction: number) => void;
  /** A line that llama.cpp wrote on stderr. */
  readonly onLog?: (line: string) => void;
}

export interface DecodeSink {
  event(event: DecodeEvent): void;
  fail(error: Error): void;
}

export interface ChildConnection {
  readonly pid: number;
  readonly ready: Extract<ChildMessage, { type: "ready" }>;
  readonly gone: Promise<void>;
  command<const C extends Command>(command: C): Promise<CommandResult<C["type"]>>;
  /** Returns a function that cancels: after it the sink hears nothing more. */
  decode(decode: DecodeCommand, sink: DecodeSink): () => void;
  close(): Promise<void>;
}

interface PendingCommand {
  resolve(value: CommandResult<Command["type"]>): void;
  reject(error: Error): void;
}

/** Starts the child and loads the model. Rejects with llama.cpp's last words when that fails. */
export async function connectChild(options: ConnectionOptions): Promise<ChildConnection> {
  // Beside this module in both forms: .ts when run from source, .js when built.
  const fromSource = import.meta.url.endsWith(".ts");
  const child = fork(fileURLToPath(new URL(`./child/main.${fromSource ? "ts" : "js"}`, import.meta.url)), {
    execArgv: fromSource ? ["--conditions=source"] : [],
    env: childEnvironment(process.env),
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    // A Ctrl-C in the terminal must reach only Parley, which drains before it ends the engine.
    detached: true,
  });
  const commands = new Map<number, PendingCommand>();
  const sinks = new Map<number, DecodeSink>();
  const compiling = new Map<number, NodeJS.Timeout>();
  const stderr: string[] = [];
  let dead: BackendGone | null = null;
  let loadFailure: string | null = null;
  let lastCall = 0;
  let heardMs = performance.now();

  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    for (const line of chunk.split("\n").filter((text) => text !== "")) {
      stderr.push(line);
      if (stderr.length > STDERR_LINES) stderr.shift();
      options.onLog?.(line);
    }
  });

  const {
    promise: ready,
    resolve: onReady,
    reject: onLoadFailed,
  } = Promise.withResolvers<Extract<ChildMessage, { type: "ready" }>>();
  const { promise: gone, resolve: onGone } = Promise.withResolvers<void>();

  const lost = (how: string) => {
    if (dead) return;
    dead = new BackendGone(`the engine process ended (${how})`);
    clearInterval(watchdog);
    for (const timer of compiling.values()) clearTimeout(timer);
    for (const command of commands.values()) command.reject(dead);
    for (const sink of sinks.values()) sink.fail(dead);
    commands.clear();
    sinks.clear();
    onGone();
  };
  child.once("exit", (code, signal) => lost(signal ?? `exit code ${code}`));
  child.once("error", (error) => {
    lost(error.message);
    onLoadFailed(error);
  });
  // Comes after the exit, when stderr has been read to its end: llama.cpp says there why it could not load.
  child.once("close", (code, signal) => {
    const words = stderr.slice(-3).join(" | ");
    onLoadFailed(
      new Error(
        loadFailure === null
          ? `the engine process ended while it loaded the model (${signal ?? `exit code ${code}`}): ${words}`
          : `the model could not be loaded: ${loadFailure}: ${words}`,
      ),
    );
  });

  const post = (message: ParentMessage) => {
    if (sinks.size + commands.size <= 1) heardMs = performance.now();
    // A send that fails means that the child is ending: its exit settles every call.
    child.send(message, () => {});
  };
  const watchdog = setInterval(() => {
    const busy = sinks.size + commands.size > 0;
    if (busy && performance.now() - heardMs > options.stallTimeoutMs) child.kill("SIGKILL");
  }, 1_000);
  watchdog.unref();

  const rejectGrammar = (call: number, why: string) => {
    sinks.get(call)?.fail(new GrammarRejected(why));
    sinks.delete(call);
  };
  const watchGrammar = (call: number, state: "compiling" | "compiled") => {
    clearTimeout(compiling.get(call));
    compiling.delete(call);
    if (state === "compiled") return;
    compiling.set(
      call,
      setTimeout(() => {
        rejectGrammar(call, `the grammar did not compile in ${GRAMMAR_KILL_MS} ms`);
        child.kill("SIGKILL");
      }, GRAMMAR_KILL_MS),
    );
  };

  child.on("message", (message: ChildMessage) => {
    heardMs = performance.now();
    switch (message.type) {
      case "load-progress":
        options.onLoadProgress?.(message.fraction);
        break;
      case "ready":
        onReady(message);
        break;
      case "load-failed": {
        loadFailure = message.message;
        child.kill("SIGKILL");
        break;
      }
      case "events": {
        for (const [call, event] of message.events) {
          const sink = sinks.get(call);
          if (event.type === "end") sinks.delete(call);
          sink?.event(event);
        }
        break;
      }
      case "grammar":
        watchGrammar(message.call, message.state);
        break;
      case "result": {
        commands.get(message.call)?.resolve(message.value);
        commands.delete(message.call);
        break;
      }
      case "failed": {
        const { kind, message: why } = message.failure;
        if (kind === "grammar-rejected") rejectGrammar(message.call, why);
        sinks.get(message.call)?.fail(new Error(why));
        sinks.delete(message.call);
        commands.get(message.call)?.reject(new Error(why));
        commands.delete(message.call);
        break;
      }
      default:
        message satisfies never;
    }
  });

  post({ type: "load", options: options.load });
  const loaded = await ready;
  return {
    pid: child.pid ?? -1,
    ready: loaded,
    gone,
    command: <const C extends Command>(command: C) => {
      if (dead) return Promise.reject(dead);
      const call = ++lastCall;
      const { promise, resolve, reject } = Promise.withResolvers<CommandResult<C["type"]>>();
      // The child answers each command with the result of its own type.
      commands.set(call, { resolve: (value) => resolve(value as CommandResult<C["type"]>), reject });
      post({ type: "command", call, command });
      return promise;
    },
    decode: (decode, sink) => {
      if (dead) {
        sink.fail(dead);
        return () => {};
      }
      const call = ++lastCall;
      sinks.set(call, sink);
      post({ type: "decode", call, decode });
      return () => {
        if (sinks.delete(call)) post({ type: "cancel", call });
      };
    },
    close: async () => {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
