/**
 * Two replicas of vLLM (or SGLang) behind one pool, whose turns go where their conversation was, against turns that go to each in turn:
 * the share of the prompt that is read from the cache, and the time to the first token, over agents that take several turns each.
 *
 *   node --conditions=source bench/affinity/run.ts --one URL --two URL [--kind vllm] [--agents 5] [--turns 5] [--prefix-tokens 1500]
 *
 * The replicas are started as docs/guides/upstream-engines.md tells. Agents ask one after the other, by turns, so that both replicas compute
 * no more than one prompt at a time; an odd number of them, or taking turns would be an affinity as well.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Anthropic from "@anthropic-ai/sdk";
import { start } from "../nodes/processes.ts";
import { median, quantile } from "../support/statistics.ts";

const { values } = parseArgs({
  options: {
    one: { type: "string" },
    two: { type: "string" },
    kind: { type: "string", default: "vllm" },
    agents: { type: "string", default: "5" },
    turns: { type: "string", default: "5" },
    "prefix-tokens": { type: "string", default: "1500" },
  },
});
const agents = Number(values.agents);
const turns = Number(values.turns);
const WORDS = [
  "river",
  "stone",
  "garden",
  "window",
  "letter",
  "summer",
  "engine",
  "silver",
  "market",
  "forest",
  "bridge",
  "candle",
];
const OUTPUT_TOKENS = 32;

type Manner = "affinity" | "in turn";

interface Turn {
  readonly nth: number;
  readonly firstTokenMs: number;
  readonly promptTokens: number;
  readonly readTokens: number;
}

/** Text that no other agent's prompt shares a block with. */
function textOf(seed: string, words: number): string {
  return `${seed}: ${Array.from({ length: words }, (_, at) => WORDS[(at * 7 + seed.length + at * at) % WORDS.length]).join(" ")}`;
}

async function startParley(folder: string): Promise<AsyncDisposable & { readonly url: string; readonly api_key: string }> {
  const upstream = (url: string | undefined) => ({ kind: values.kind, url, slots: 4 });
  await writeFile(
    join(folder, "parley.yaml"),
    JSON.stringify({
      upstreams: { one: upstream(values.one), two: upstream(values.two) },
      pools: {
        both: { targets: [{ upstream: "one" }, { upstream: "two" }] },
        first: { targets: [{ upstream: "one" }] },
        second: { targets: [{ upstream: "two" }] },
      },
      // A pool's name is a model.
      models: { haiku: "both", sonnet: "both", opus: "both" },
      log: { level: "warn" },
    }),
  );
  const program = join(import.meta.dirname, "../../packages/server/src/cli/main.ts");
  const args = ["--conditions=source", program, "up", "--json", "--port", "0", "--data", folder];
  const started = start(process.execPath, args);
  const ready = JSON.parse(await started.firstLine) as { url: string; api_key: string };
  return { ...ready, [Symbol.asyncDispose]: () => started.end("SIGTERM") };
}

async function ask(
  client: Anthropic,
  { model, session, system, messages }: { model: string; session: string; system: string; messages: Anthropic.MessageParam[] },
): Promise<Omit<Turn, "nth"> & { readonly reply: string }> {
  const begunMs = performance.now();
  let firstTokenMs = Number.NaN;
  const stream = client.messages.stream(
    {
      model,
      max_tokens: OUTPUT_TOKENS,
      cache_control: { type: "ephemeral" },
      system: [{ type: "text", text: system, cache_control: { type: "ephemeral" } }],
      messages,
    },
    { headers: { "x-claude-code-session-id": session } },
  );
  stream.once("text", () => {
    firstTokenMs = performance.now() - begunMs;
  });
  const { usage, content } = await stream.finalMessage();
  const readTokens = usage.cache_read_input_tokens ?? 0;
  const promptTokens = usage.input_tokens + readTokens + (usage.cache_creation_input_tokens ?? 0);
  const reply = content.map((block) => (block.type === "text" ? block.text : "")).join("");
  return { firstTokenMs, promptTokens, readTokens, reply };
}

async function run(client: Anthropic, manner: Manner): Promise<readonly Turn[]> {
  const seen: Turn[] = [];
  const histories = Array.from({ length: agents }, (): Anthropic.MessageParam[] => []);
  let asked = 0;
  for (let nth = 1; nth <= turns; nth += 1) {
    for (const [agent, messages] of histories.entries()) {
      const session = `${manner} ${agent}`;
      const model = manner === "affinity" ? "both" : asked++ % 2 === 0 ? "first" : "second";
      const system = textOf(`You are agent ${session}`, Number(values["prefix-tokens"]));
      messages.push({ role: "user", content: `Step ${nth}. ${textOf(`Result ${session}`, 60)}. What next?` });
      const { reply, ...turn } = await ask(client, { model, session, system, messages });
      messages.push({ role: "assistant", content: reply === "" ? "On." : reply });
      seen.push({ nth, ...turn });
    }
  }
  return seen;
}

const folder = await mkdtemp(join(tmpdir(), "parley-bench-affinity-"));
await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
await using parley = await startParley(folder);
const client = new Anthropic({ baseURL: parley.url, apiKey: parley.api_key, timeout: 600_000, maxRetries: 0 });
// What is computed or compiled for the first time is no agent's matter.
for (const model of ["first", "second"])
  await ask(client, { model, session: "warm", system: "Hello.", messages: [{ role: "user", content: "Hello." }] });
console.log(
  `${cpus()[0]?.model.trim()}, load average ${loadavg()[0]?.toFixed(2)}; ${agents} agents of ${turns} turns, two replicas of ${values.kind}.\n`,
);
console.log(
  "| | prompt tokens | read from the cache | of it after the first turn | first token after the first turn, median / 90 % | first turn, median |",
);
console.log("|---|---:|---:|---:|---:|---:|");
for (const manner of ["affinity", "in turn"] as const) {
  const seen = await run(client, manner);
  const later = seen.filter(({ nth }) => nth > 1);
  const share = (of: readonly Turn[]): string => {
    const sum = (pick: (turn: Turn) => number) => of.reduce((total, turn) => total + pick(turn), 0);
    return `${((100 * sum((turn) => turn.readTokens)) / sum((turn) => turn.promptTokens)).toFixed(0)} %`;
  };
  const ms = (of: readonly Turn[], part: number) =>
    quantile(
      of.map(({ firstTokenMs }) => firstTokenMs),
      part,
    ).toFixed(0);
  const first = median(seen.filter(({ nth }) => nth === 1).map(({ firstTokenMs }) => firstTokenMs)).toFixed(0);
  const tokens = seen.reduce((sum, turn) => sum + turn.promptTokens, 0).toLocaleString("en");
  console.log(
    `| ${manner} | ${tokens} | ${share(seen)} | ${share(later)} | ${ms(later, 0.5)} / ${ms(later, 0.9)} ms | ${first} ms |`,
  );
}
