/**
 * Time to the first token behind a long prefix that is marked for caching: never seen, seen, and seen before a restart.
 *
 *   node --conditions=source bench/cache/run.ts --models FOLDER --llama-server BINARY [--model NAME] [--backends LIST]
 *     [--rounds N] [--reads N] [--prefix-tokens N] [--json FILE]
 */
import { askParley, type ParleyAddress, type ParleySeen } from "../support/ask-parley.ts";
import { seededText } from "../support/prompts.ts";
import { loadNow, publish } from "../support/report.ts";
import { readSetup, startLoadedParley, type Backend } from "../support/setup.ts";
import { median } from "../support/statistics.ts";

type State = "cold" | "cached" | "after a restart";

interface Measurement {
  readonly backend: Backend;
  readonly state: State;
  readonly firstTokenMs: number;
  readonly prefixTokens: number;
}

const STATES: readonly State[] = ["cold", "cached", "after a restart"];
/** Room for the question and the answer behind the prefix. */
const ROOM_TOKENS = 512;
const ANSWER_TOKENS = 4;

const setup = readSetup({ rounds: 3, reads: 3, "prefix-tokens": 8000 });
const [rounds, reads, prefixTokens] = [setup.number("rounds"), setup.number("reads"), setup.number("prefix-tokens")];
// A tenth more: `seededText` only comes near.
const size = { slots: 2, contextTokens: Math.ceil(prefixTokens * 1.1) + ROOM_TOKENS };
const loadBefore = loadNow();

const measurements: Measurement[] = [];
for (const backend of setup.backends) await measure(backend);

await publish(
  {
    title: "Time to the first token, medians (and share of cold)",
    llamaServer: setup.llamaServer,
    settings: { model: setup.model, rounds, "reads of each prefix": reads, threads: process.env["PARLEY_THREADS"] ?? "all" },
    head: ["", "prefix tokens", ...STATES],
    rows: setup.backends.map((backend) => {
      const prefixes = measurements.filter((one) => one.backend === backend).map((one) => one.prefixTokens);
      return [`Parley, ${backend}`, median(prefixes).toFixed(0), ...STATES.map((state) => cell(backend, state))];
    }),
    notes: [
      "Each read asks another question in a new conversation; the model is loaded before any of them.",
      "Prefixes are read in turns, so that a read finds another prefix in its slot as often as its own.",
    ],
    loadBefore,
    measurements,
  },
  setup.json,
);

async function measure(backend: Backend): Promise<void> {
  await using first = await startLoadedParley(setup, backend, size);
  const ask = async (parley: ParleyAddress, state: State, round: number, question: number): Promise<void> => {
    const seen = await askAbout(parley, round, `Question ${state} ${question}: which word comes first?`);
    assertState(state, seen);
    measurements.push({
      backend,
      state,
      firstTokenMs: seen.firstTokenMs,
      prefixTokens: seen.cacheReadTokens + seen.cacheCreationTokens,
    });
    console.error(`${backend}, prefix ${round}, ${state}: ${seen.firstTokenMs.toFixed(0)} ms`);
  };
  const readAll = async (parley: ParleyAddress, state: State): Promise<void> => {
    for (let read = 1; read <= reads; read += 1) {
      for (let round = 1; round <= rounds; round += 1) await ask(parley, state, round, read);
    }
  };
  for (let round = 1; round <= rounds; round += 1) await ask(first, "cold", round, 0);
  await readAll(first, "cached");
  await first.stop();
  await using second = await startLoadedParley(setup, backend, size, { dataDir: first.dataDir, apiKey: first.apiKey });
  await readAll(second, "after a restart");
}

function askAbout(parley: ParleyAddress, round: number, question: string): Promise<ParleySeen> {
  return askParley(parley, {
    max_tokens: ANSWER_TOKENS,
    system: [{ type: "text", text: seededText(round, prefixTokens), cache_control: { type: "ephemeral", ttl: "1h" } }],
    messages: [{ role: "user", content: question }],
  });
}

/** A figure for a cache that was not used, or was used too early, would say nothing. */
function assertState(state: State, seen: ParleySeen): void {
  const { cacheReadTokens, cacheCreationTokens } = seen;
  const isCold = cacheReadTokens === 0 && cacheCreationTokens > 0;
  if (isCold !== (state === "cold")) {
    throw new Error(`${state}, but ${cacheReadTokens} tokens were read from the cache and ${cacheCreationTokens} written`);
  }
}

function cell(backend: Backend, state: State): string {
  const of = (wanted: State): number =>
    median(measurements.filter((one) => one.backend === backend && one.state === wanted).map((one) => one.firstTokenMs));
  const text = of(state) < 1000 ? `${of(state).toFixed(0)} ms` : `${(of(state) / 1000).toFixed(2)} s`;
  return state === "cold" ? text : `${text} (${((100 * of(state)) / of("cold")).toFixed(2)} %)`;
}
