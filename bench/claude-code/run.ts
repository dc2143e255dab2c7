/**
 * Claude Code, unmodified and headless, with its own system prompt: reads a file with its Read tool; then Parley is stopped and
 * started again on its data folder, and a new conversation answers a question. Times and usage are those of Parley's ledger.
 *
 *   node --conditions=source bench/claude-code/run.ts --models FOLDER --llama-server BINARY [--model NAME] [--backends LIST]
 *     [--tools few|all] [--context N] [--json FILE]
 *
 * `few` are Read, Bash, Edit, Write, Glob and Grep; `all` is what the client sends of itself.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readLedger, type LedgerRow } from "../../packages/server/test/support/read-ledger.ts";
import { runClaudeCode, type Block } from "../../packages/server/test/support/run-claude-code.ts";
import { loadNow, publish } from "../support/report.ts";
import { readSetup, startLoadedParley } from "../support/setup.ts";

const FEW = ["--tools", "Read,Bash,Edit,Write,Glob,Grep"];

const setup = readSetup({ context: 24_576 }, { tools: "few" });
const size = { slots: 2, contextTokens: setup.number("context") };
const tools = setup.text("tools") === "all" ? [] : FEW;
const loadBefore = loadNow();

// The client tells the model where it is, so the place is the same in every run.
const folder = join(tmpdir(), "parley-claude-code-bench");
await rm(folder, { recursive: true, force: true });
await mkdir(folder);
await writeFile(join(folder, "notes.txt"), "The meeting is at noon on Friday.\nBring the blue folder.\n");

const rows: string[][] = [];
const measurements: object[] = [];
for (const backend of setup.backends) {
  await using first = await startLoadedParley(setup, backend, size);
  const reading = await converse(first, "Use the Read tool on notes.txt, then tell me when the meeting is.", 3);
  await first.stop();
  const before = await readLedger(first.dataDir);
  await using second = await startLoadedParley(setup, backend, size, { dataDir: first.dataDir, apiKey: first.apiKey });
  const answering = await converse(second, "Say hello in one short sentence.", 1);
  await second.stop();
  const after = await readLedger(first.dataDir);
  // Each start asks one question of its own, to have the model loaded.
  show(backend, "first conversation", before.slice(1), reading);
  show(backend, "new conversation after a restart", after.slice(before.length + 1), answering);
}
await rm(folder, { recursive: true, force: true });

await publish(
  {
    title: "Claude Code",
    llamaServer: setup.llamaServer,
    settings: { model: setup.model, tools: setup.text("tools"), threads: process.env["PARLEY_THREADS"] ?? "all" },
    head: ["", "", "prompt tokens", "read from the cache", "first token", "whole reply", "output tokens"],
    rows,
    notes: ["First token: queue, restored state and prefill. The client sends its requests one after the other."],
    loadBefore,
    measurements,
  },
  setup.json,
);

async function converse(parley: { url: string; apiKey: string }, prompt: string, turns: number): Promise<Block[]> {
  return runClaudeCode(parley, folder, ["--print", prompt, "--max-turns", String(turns), "--allowedTools", "Read", ...tools]);
}

function show(backend: string, conversation: string, turns: readonly LedgerRow[], blocks: readonly Block[]): void {
  measurements.push({ backend, conversation, turns, blocks });
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  for (const [index, turn] of turns.entries()) {
    const firstTokenMs = turn.queue_ms + turn.restore_ms + turn.prefill_ms;
    rows.push([
      backend,
      `${conversation}, request ${index + 1}${turn.outcome === null ? "" : ` (${turn.outcome})`}`,
      String(turn.input_tokens + turn.cache_read_tokens + turn.cache_write_tokens),
      String(turn.cache_read_tokens),
      seconds(firstTokenMs),
      seconds(firstTokenMs + turn.decode_ms),
      String(turn.output_tokens),
    ]);
  }
}
