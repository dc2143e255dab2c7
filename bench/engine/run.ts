/**
 * Tokens per second through Parley's `/v1/messages`, on both of its backends, against llama-server itself: the same
 * weights, the same prompts, the same flags, in one run that goes from one to the other.
 *
 *   node --conditions=source bench/engine/run.ts --models FOLDER --llama-server BINARY [--model NAME] [--backends LIST]
 *     [--rounds N] [--tokens N] [--prefill-tokens N] [--context N] [--json FILE]
 *
 * All engines are loaded from the start and only one of them ever computes: two that share the cores wait for each other.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { askLlamaServer } from "../support/ask-llama-server.ts";
import { askParley } from "../support/ask-parley.ts";
import { engineCommand, startLlamaServer } from "../support/llama-server.ts";
import { countingPrompt, longPrompt, toChatMl, toMessages, type Prompt } from "../support/prompts.ts";
import { loadNow, publish } from "../support/report.ts";
import type { Seen } from "../support/seen.ts";
import { readSetup, startLoadedParley } from "../support/setup.ts";
import { median, rotate } from "../support/statistics.ts";

interface System {
  readonly name: string;
  ask(prompt: Prompt, maxTokens: number): Promise<Seen>;
}

type Measure = "1 stream" | "4 streams" | "8 streams" | "prefill";

interface Measurement {
  readonly round: number;
  readonly measure: Measure;
  readonly system: string;
  readonly tokensPerSecond: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Replies that ended before their last token. */
  readonly early: number;
}

const STREAMS = { "1 stream": 1, "4 streams": 4, "8 streams": 8 } as const;
/** A model sometimes ends before it is asked to, and then its prefill weighs more: such a measurement is taken again. */
const ATTEMPTS = 6;
/** Threads of an engine that has just stopped computing go on polling for a moment. */
const REST_MS = 500;
const RAW = "llama-server itself";

const setup = readSetup({ rounds: 5, tokens: 128, "prefill-tokens": 2000, context: 4096 });
const [rounds, tokens, prefillTokens] = [setup.number("rounds"), setup.number("tokens"), setup.number("prefill-tokens")];
const size = { slots: 8, contextTokens: setup.number("context") };
const loadBefore = loadNow();

await using stack = new AsyncDisposableStack();
const systems: System[] = [];
// The one with llama-server first, and always: its command line is what the raw server gets.
const driving = stack.use(await startLoadedParley(setup, "llama-server", size));
const raw = stack.use(await startLlamaServer(engineCommand(driving)));
systems.push({
  name: RAW,
  ask: (prompt, maxTokens) => askLlamaServer({ url: raw.url }, { prompt: toChatMl(prompt), maxTokens, sampling: "default" }),
});
for (const backend of setup.backends) {
  const parley = backend === "llama-server" ? driving : stack.use(await startLoadedParley(setup, backend, size));
  systems.push({
    name: `Parley, ${backend}`,
    ask: (prompt, maxTokens) => askParley(parley, { max_tokens: maxTokens, system: prompt.system, messages: toMessages(prompt) }),
  });
}

const measurements: Measurement[] = [];
// Round 0 warms up: pages of the weights, code of the servers and of this client.
for (let round = 0; round <= rounds; round += 1) {
  for (const [index, measure] of (["1 stream", "4 streams", "8 streams", "prefill"] as const).entries()) {
    let ofAll: Measurement[] = [];
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      ofAll = [];
      for (const system of rotate(systems, round + index)) {
        await sleep(REST_MS);
        const seed = round + attempt * 100;
        ofAll.push(measure === "prefill" ? await prefill(system, round, seed) : await decode(system, round, seed, measure));
      }
      assertSamePrompts(ofAll);
      if (ofAll.every(({ early }) => early === 0)) break;
    }
    if (round > 0) measurements.push(...ofAll);
    console.error(
      `round ${round} of ${rounds}, ${measure}:`,
      ofAll.map((one) => `${one.system} ${one.tokensPerSecond.toFixed(1)}`).join("; "),
    );
  }
}

const early = measurements.reduce((sum, one) => sum + one.early, 0);
const all = measurements
  .filter((one) => one.measure !== "prefill")
  .reduce((sum, one) => sum + STREAMS[one.measure as keyof typeof STREAMS], 0);
const prefilled = median(measurements.filter((one) => one.measure === "prefill").map((one) => one.promptTokens));
await publish(
  {
    title: "Tokens per second, medians (and the median of the rounds' ratios)",
    llamaServer: setup.llamaServer,
    settings: {
      model: setup.model,
      rounds,
      "tokens a reply": tokens,
      slots: size.slots,
      "context a slot": size.contextTokens,
      threads: process.env["PARLEY_THREADS"] ?? "all",
    },
    head: ["", ...systems.map((system) => system.name)],
    rows: (["1 stream", "4 streams", "8 streams", "prefill"] as const).map((measure) => [
      measure === "prefill" ? `prefill of ${prefilled} tokens` : measure,
      ...systems.map((system) => cell(measure, system.name)),
    ]),
    notes: [
      "Tokens of all streams by the time from sending to the last stream's end, prefill of the short prompts included.",
      `${early} of ${all} replies ended before their last token; tokens are counted as reported, not as asked for.`,
    ],
    loadBefore,
    measurements,
  },
  setup.json,
);

async function decode(system: System, round: number, seed: number, measure: keyof typeof STREAMS): Promise<Measurement> {
  const streams = STREAMS[measure];
  const prompts = Array.from({ length: streams }, (_, index) => countingPrompt(seed * 1000 + streams * 10 + index));
  const seen = await Promise.all(prompts.map((prompt) => system.ask(prompt, tokens)));
  const outputTokens = sum(seen.map((one) => one.outputTokens));
  return {
    round,
    measure,
    system: system.name,
    tokensPerSecond: (1000 * outputTokens) / Math.max(...seen.map((one) => one.endMs)),
    promptTokens: sum(seen.map((one) => one.promptTokens)),
    outputTokens,
    early: seen.filter((one) => one.outputTokens < tokens).length,
  };
}

async function prefill(system: System, round: number, seed: number): Promise<Measurement> {
  const seen = await system.ask(longPrompt(seed * 1000 + 999, prefillTokens), 1);
  return {
    round,
    measure: "prefill",
    system: system.name,
    tokensPerSecond: (1000 * seen.promptTokens) / seen.endMs,
    promptTokens: seen.promptTokens,
    outputTokens: seen.outputTokens,
    early: 0,
  };
}

function cell(measure: Measure, system: string): string {
  const of = (name: string): readonly number[] =>
    measurements.filter((one) => one.measure === measure && one.system === name).map((one) => one.tokensPerSecond);
  const own = of(system);
  if (system === RAW) return median(own).toFixed(1);
  const rawByRound = new Map(
    measurements.filter((one) => one.measure === measure && one.system === RAW).map((one) => [one.round, one.tokensPerSecond]),
  );
  const ratios = measurements
    .filter((one) => one.measure === measure && one.system === system)
    .map((one) => one.tokensPerSecond / (rawByRound.get(one.round) ?? Number.NaN));
  return `${median(own).toFixed(1)} (${(100 * median(ratios)).toFixed(1)} %)`;
}

/** A comparison of different prompts would say nothing. */
function assertSamePrompts(ofAll: readonly Measurement[]): void {
  const counts = new Set(ofAll.map((one) => one.promptTokens));
  if (counts.size > 1) {
    throw new Error(`the prompts differ: ${ofAll.map((one) => `${one.system} ${one.promptTokens}`).join(", ")}`);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
