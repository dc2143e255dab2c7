/**
 * Holds the simulation of `run.ts` against a real Parley: measures an engine's rates, lets users have their turns at it, and gives the
 * same turns, with the lengths that they really had, to the simulation.
 *
 *   node --conditions=source bench/scale/users/check.ts --models FOLDER --llama-server BINARY [--model NAME] [--users N] [--slots N]
 *     [--seconds N] [--json FILE]
 *
 * Rates are taken by the engine's processor time, and the simulation gets as much of it as the engine had: with PARLEY_THREADS=1 it
 * says something on a machine that others use, too.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { enginePid } from "../../../packages/server/test/support/processes.ts";
import { askParley } from "../../support/ask-parley.ts";
import { countingPrompt, longPrompt, type Prompt, toMessages } from "../../support/prompts.ts";
import { loadNow, publish } from "../../support/report.ts";
import { readSetup, startLoadedParley } from "../../support/setup.ts";
import { median, quantile } from "../../support/statistics.ts";
import { type EngineRates, simulate, type TurnTimes, type UserTurn } from "./simulate.ts";
import { createRandom } from "./users.ts";

const setup = readSetup({ users: 6, slots: 4, seconds: 120 });
const [users, slots, seconds] = [setup.number("users"), setup.number("slots"), setup.number("seconds")];
const THINK_SECONDS = 4;
const PROMPT_TOKENS = 300;
const OUTPUT_TOKENS = 40;
const CALIBRATION_TOKENS = 48;
const MS_PER_SECOND = 1_000;
const TICKS_PER_SECOND = 100;
const loadBefore = loadNow();

await using parley = await startLoadedParley(setup, "llama-server", { slots, contextTokens: 4096 });
const ask = (prompt: Prompt, maxTokens: number) =>
  askParley(parley, { max_tokens: maxTokens, system: prompt.system, messages: toMessages(prompt) });

const engine = enginePid(parley.child.pid ?? 0);
const measured = await measureRates();
const cpuBefore = cpuSeconds();
const given: UserTurn[][] = [];
const real: TurnTimes[] = [];
const startedMs = performance.now();
const secondsNow = (): number => (performance.now() - startedMs) / MS_PER_SECOND;
await Promise.all(Array.from({ length: users }, (_, user) => useModel(user)));
const share = (cpuSeconds() - cpuBefore) / busySeconds(real);
const rates: EngineRates = {
  slots,
  prefill: measured.prefill * share,
  decode: measured.decode.map(([count, rate]) => [count, rate * share] as const),
};
const simulated = simulate(
  rates,
  given.map((turns) => turns.values()),
  Infinity,
);

const row = (name: string, read: (turns: readonly TurnTimes[]) => number, digits = 2): readonly string[] => [
  name,
  read(real).toFixed(digits),
  read(simulated).toFixed(digits),
];
const waits = (turns: readonly TurnTimes[]): number[] => turns.map(({ askedAt, firstTokenAt }) => firstTokenAt - askedAt);
const lengths = (turns: readonly TurnTimes[]): number[] => turns.map(({ askedAt, endedAt }) => endedAt - askedAt);
const lastEnd = (turns: readonly TurnTimes[]): number => Math.max(...turns.map(({ endedAt }) => endedAt));
await publish(
  {
    title: "A real server and the simulation, the same turns",
    llamaServer: setup.llamaServer,
    settings: { model: setup.model, users, slots, turns: real.length, threads: process.env["PARLEY_THREADS"] ?? "all" },
    head: ["", "real", "simulated"],
    rows: [
      row("first token, half, s", (turns) => median(waits(turns))),
      row("first token, 95 %, s", (turns) => quantile(waits(turns), 0.95)),
      row("whole turn, half, s", (turns) => median(lengths(turns))),
      row("whole turn, 95 %, s", (turns) => quantile(lengths(turns), 0.95)),
      row("all turns, s", lastEnd, 1),
    ],
    notes: [
      `A second of the engine's processor: ${measured.prefill.toFixed(0)} tokens of prompts; ${measured.decode.map(([count, rate]) => `${rate.toFixed(1)} tokens of ${count} streams`).join(", ")}.`,
      `While there were turns it had ${(share * 100).toFixed(0)} % of a core.`,
    ],
    loadBefore,
    measurements: { measured, share, given, real, simulated },
  },
  setup.json,
);

async function measureRates(): Promise<EngineRates> {
  const prompts = [];
  for (let seed = 1; seed <= 3; seed += 1) {
    const before = cpuSeconds();
    const { promptTokens } = await ask(longPrompt(seed, 1_000), 1);
    prompts.push(promptTokens / (cpuSeconds() - before));
  }
  const prefill = median(prompts);
  const decode: (readonly [number, number])[] = [];
  for (let streams = 1; streams <= slots; streams *= 2) {
    const before = cpuSeconds();
    const seen = await Promise.all(
      Array.from({ length: streams }, (_, index) => ask(countingPrompt(streams * 100 + index), CALIBRATION_TOKENS)),
    );
    const total = (read: (one: (typeof seen)[number]) => number): number => seen.reduce((sum, one) => sum + read(one), 0);
    const ofPrompts = total(({ promptTokens }) => promptTokens) / prefill;
    decode.push([streams, total(({ outputTokens }) => outputTokens) / (cpuSeconds() - before - ofPrompts)]);
  }
  return { slots, prefill, decode };
}

/** User and system time of the engine, all threads. */
function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${engine}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** How long there was a turn at all. */
function busySeconds(turns: readonly TurnTimes[]): number {
  let [busy, until] = [0, 0];
  for (const { askedAt, endedAt } of turns.toSorted((a, b) => a.askedAt - b.askedAt)) {
    busy += Math.max(0, endedAt - Math.max(askedAt, until));
    until = Math.max(until, endedAt);
  }
  return busy;
}

async function useModel(user: number): Promise<void> {
  const random = createRandom(user + 1);
  const around = (mean: number): number => Math.max(1, Math.round(-mean * Math.log(1 - random())));
  const turns: UserTurn[] = [];
  given[user] = turns;
  let endedAt = 0;
  for (let turn = 0; ; turn += 1) {
    await sleep(-THINK_SECONDS * Math.log(1 - random()) * MS_PER_SECOND);
    const askedAt = secondsNow();
    if (askedAt > seconds) return;
    const prompt = longPrompt(10_000 + user * 1_000 + turn, around(PROMPT_TOKENS));
    const seen = await ask(prompt, around(OUTPUT_TOKENS));
    const [firstTokenAt, last] = [askedAt + seen.firstTokenMs / MS_PER_SECOND, askedAt + seen.endMs / MS_PER_SECOND];
    turns.push({
      thinkSeconds: askedAt - endedAt,
      newTokens: seen.promptTokens - seen.cacheReadTokens,
      outputTokens: Math.max(1, seen.outputTokens),
    });
    real.push({ askedAt, firstTokenAt, endedAt: last, outputTokens: seen.outputTokens });
    endedAt = last;
  }
}
