import { stat } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import type { ChildMessage, Command, CommandResult, LoadOptions, ParentMessage } from "../ipc.ts";
import { loadAddon, type Addon } from "./addon.ts";
import { createBatchLoop, type BatchLoop } from "./batch-loop.ts";

/** The child process: holds one model, answers one parent, and does not outlive it. */
interface Loaded {
  readonly addon: Addon;
  readonly loop: BatchLoop;
}

let loaded: Loaded | null = null;

function send(message: ChildMessage): void {
  process.send?.(message);
}

async function load(options: LoadOptions): Promise<void> {
  try {
    const addon = await loadAddon(options, (fraction) => send({ type: "load-progress", fraction }));
    loaded = { addon, loop: createBatchLoop(addon, options, send) };
    const endTokens = options.specialTokens.filter((token) => addon.model.isEogToken(token));
    send({ type: "ready", endTokens, gpu: addon.gpu });
  } catch (error) {
    // llama.cpp's own words come through a queue of their own, and the parent ends this process at the message.
    await setTimeout(200);
    send({ type: "load-failed", message: error instanceof Error ? error.message : String(error) });
  }
}

async function execute({ addon, loop }: Loaded, command: Command): Promise<CommandResult<Command["type"]>> {
  switch (command.type) {
    case "tokenize":
      return addon.model.tokenize(command.text, command.special);
    case "detokenize":
      return addon.model.detokenize(command.tokens, true);
    case "save":
      return loop.between(async (sequences) => {
        const saved = await sequences[command.slot]?.save(command.file);
        if (!saved) throw new Error(`slot ${command.slot} is unknown`);
        return { tokens: saved.tokens, bytes: (await stat(command.file)).size };
      });
    case "restore":
      return loop.between(async (sequences) => (await sequences[command.slot]?.restore(command.file)) ?? false);
    case "clear":
      return loop.between(async (sequences) => {
        sequences[command.slot]?.clear();
        return null;
      });
    default:
      return command satisfies never;
  }
}

async function answer(call: number, command: Command): Promise<void> {
  try {
    if (!loaded) throw new Error("the model is not loaded yet");
    send({ type: "result", call, value: await execute(loaded, command) });
  } catch (error) {
    send({ type: "failed", call, failure: { kind: "error", message: error instanceof Error ? error.message : String(error) } });
  }
}

process.on("message", (message: ParentMessage) => {
  switch (message.type) {
    case "load":
      void load(message.options);
      break;
    case "command":
      void answer(message.call, message.command);
      break;
    case "decode":
      loaded?.loop.start(message.call, message.decode);
      break;
    case "cancel":
      loaded?.loop.cancel(message.call);
      break;
    default:
      message satisfies never;
  }
});

// SIGKILL and not exit(): an exit waits for the thread that computes a batch, which may take seconds or hang.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
