/**
 * What Parley adds to the llama-server that it drives: the same prompts through `/v1/messages`, and straight to that same
 * process through its socket, by turns.
 *
 *   node --conditions=source bench/overhead/run.ts --models FOLDER --llama-server BINARY [--model NAME] [--pairs N]
 *     [--tokens N] [--json FILE]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { askLlamaServer } from "../support/ask-llama-server.ts";
import { askParley, type ParleySeen } from "../support/ask-parley.ts";
import { engineCommand, engineSocketPath } from "../support/llama-server.ts";
import { countingPrompt, toChatMl, toMessages, type Prompt } from "../support/prompts.ts";
import { loadNow, publish } from "../support/report.ts";
import type { Seen } from "../support/seen.ts";
import { readSetup, startLoadedParley } from "../support/setup.ts";
import { median, quantile } from "../support/statistics.ts";

interface Pair {
  readonly parley: ParleySeen;
  readonly direct: Seen;
}

/** Not measured: code that has run a few times only is not compiled yet. */
const WARM_UP_PAIRS = 5;
/** Lets the threads of the engine come to rest, whichever way came first. */
const REST_MS = 100;

const setup = readSetup({ pairs: 60, tokens: 64 });
const [pairCount, tokens] = [setup.number("pairs"), setup.number("tokens")];
const size = { slots: 2, contextTokens: 2048 };
const loadBefore = loadNow();

await using parley = await startLoadedParley(setup, "llama-server", size);
const direct = { url: "http://localhost", socketPath: engineSocketPath(engineCommand(parley)) };

const pairs: Pair[] = [];
let dropped = 0;
for (let index = 0; pairs.length < pairCount; index += 1) {
  const pair = await measure(index);
  if (pair.parley.promptTokens !== pair.direct.promptTokens) {
    throw new Error(`the prompts differ: ${pair.parley.promptTokens} and ${pair.direct.promptTokens} tokens`);
  }
  if (pair.parley.outputTokens < tokens) dropped += 1;
  else if (index >= WARM_UP_PAIRS) pairs.push(pair);
  if (dropped > pairCount) throw new Error(`the model's replies are shorter than ${tokens} tokens; ask for fewer`);
}

const rows: readonly (readonly [name: string, of: (seen: Seen) => number])[] = [
  ["first token", (seen) => seen.firstTokenMs],
  ["each further token", (seen) => (seen.lastTokenMs - seen.firstTokenMs) / (seen.outputTokens - 1)],
  ["end of the stream", (seen) => seen.endMs],
];
const ms = (value: number): string => `${value.toFixed(2)} ms`;
await publish(
  {
    title: "Time that Parley adds, medians",
    llamaServer: setup.llamaServer,
    settings: { model: setup.model, pairs: pairCount, "tokens a reply": tokens, threads: process.env["PARLEY_THREADS"] ?? "all" },
    head: ["", "llama-server itself", "through Parley", "added, median of pairs", "quartiles"],
    rows: [
      ["first event", "", ms(median(pairs.map((pair) => pair.parley.firstEventMs))), "", ""],
      ...rows.map(([name, of]) => {
        const added = pairs.map((pair) => of(pair.parley) - of(pair.direct));
        return [
          name,
          ms(median(pairs.map((pair) => of(pair.direct)))),
          ms(median(pairs.map((pair) => of(pair.parley)))),
          ms(median(added)),
          `${ms(quantile(added, 0.25))} to ${ms(quantile(added, 0.75))}`,
        ];
      }),
    ],
    notes: [
      "The first event, `message_start`, does not wait for the engine; llama-server itself sends nothing before its first token.",
      `Prompts of ${median(pairs.map((pair) => pair.direct.promptTokens))} tokens, nothing reused, greedy; ${dropped} pairs left out because the reply ended early.`,
    ],
    loadBefore,
    measurements: pairs,
  },
  setup.json,
);

async function measure(index: number): Promise<Pair> {
  const prompt = countingPrompt(index);
  if (index % 2 === 0) {
    const viaParley = await askThroughParley(prompt);
    return { parley: viaParley, direct: await askDirectly(prompt) };
  }
  const straight = await askDirectly(prompt);
  return { parley: await askThroughParley(prompt), direct: straight };
}

async function askThroughParley(prompt: Prompt): Promise<ParleySeen> {
  await sleep(REST_MS);
  return askParley(parley, { max_tokens: tokens, temperature: 0, system: prompt.system, messages: toMessages(prompt) });
}

async function askDirectly(prompt: Prompt): Promise<Seen> {
  await sleep(REST_MS);
  return askLlamaServer(direct, { prompt: toChatMl(prompt), maxTokens: tokens, sampling: "greedy", slot: size.slots - 1 });
}
