/**
 * Gateways in front of the same stand-in for `/v1/messages`, each alone on one core, client and stand-in on another. Ours checks keys,
 * holds limits and money and writes the ledger; the others do none of that.
 *
 *   npm run bench:gateway -- [--rounds N] [--seconds N] [--others FOLDER] [--others-node FILE] [--litellm FOLDER] [--only NAME] [--profile FOLDER] [--json FILE]
 *
 * `--others`: a folder with `@portkey-ai/gateway` and `@musistudio/claude-code-router` installed. nginx is taken from the PATH.
 * `--litellm`: a virtual environment with `litellm[proxy]`. Never 1.82.7, 1.82.8 or 1.107.0, which are compromised.
 * `--others-node`: the node that runs them, where it is not ours: Portkey 1.15 answers nothing whole on Node 24.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { median, quantile } from "../support/statistics.ts";
import {
  startClaudeCodeRouter,
  startLiteLlm,
  startNginx,
  startParley,
  startPortkey,
  startStandIn,
  type Gateway,
  type StartGateway,
} from "./gateways.ts";
import { ask } from "./ask.ts";
import { GATEWAY_CORE, HELPERS_CORE, isInstalled, memoryMib } from "./processes.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "2" },
    seconds: { type: "string", default: "5" },
    others: { type: "string" },
    "others-node": { type: "string", default: process.execPath },
    litellm: { type: "string" },
    only: { type: "string" },
    profile: { type: "string" },
    json: { type: "string" },
  },
});
const seconds = Number(values.seconds);
const AT_ONCE = 32;
const RATE = 100;
const STAND_IN = "stand-in itself";
/** For about so long V8 compiles what is busy anew; afterwards up to twice as much goes through what runs on it. */
const WARM_UP_SECONDS = 12;
const MEMORY_EVERY_MS = 250;
/** After the load: long enough for a server to notice that it rests, and to give its garbage back. */
const REST_MS = 25_000;

interface Round {
  readonly perSecond: number;
  readonly streamsPerSecond: number;
  readonly wholeMs: readonly number[];
  readonly firstMs: readonly number[];
  readonly restMib: ReturnType<typeof memoryMib>;
  readonly peakMib: ReturnType<typeof memoryMib>;
}

async function measure(gateway: Pick<Gateway, "name" | "url" | "headers"> & { readonly pid?: number }): Promise<Round> {
  const pid = gateway.pid ?? process.pid;
  const warmUp = ["--seconds", String(WARM_UP_SECONDS)];
  await ask(gateway, false, warmUp);
  // Portkey 1.15.2 fails at every stream on newer builds of Node 20 and 24 (`TypeError: immutable`), and is measured at the rest.
  const streamsWork = await ask(gateway, true, warmUp).then(
    () => true,
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : String(error));
      return false;
    },
  );
  const askStreams = (args: readonly string[]) => (streamsWork ? ask(gateway, true, args) : null);
  let peakMib = memoryMib(pid);
  const watch = setInterval(() => {
    const now = memoryMib(pid);
    peakMib = { alone: Math.max(peakMib.alone, now.alone), all: Math.max(peakMib.all, now.all) };
  }, MEMORY_EVERY_MS);
  const full = ["--at-once", String(AT_ONCE), "--seconds", String(seconds)];
  const even = ["--per-second", String(RATE), "--seconds", String(seconds)];
  const [whole, streams] = [await ask(gateway, false, full), await askStreams(full)];
  await sleep(1_000);
  const [slow, slowStreams] = [await ask(gateway, false, even), await askStreams(even)];
  clearInterval(watch);
  await sleep(REST_MS);
  return {
    perSecond: whole.perSecond,
    streamsPerSecond: streams?.perSecond ?? Number.NaN,
    wholeMs: slow.wholeMs,
    firstMs: slowStreams?.firstMs ?? [],
    restMib: memoryMib(pid),
    peakMib,
  };
}

const folder = await mkdtemp(join(tmpdir(), "parley-bench-gateway-"));
await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
const standIn = await startStandIn();
await using _standIn = { [Symbol.asyncDispose]: () => standIn.end() };
const upstream = `http://127.0.0.1:${await standIn.firstLine}`;

const others = values.others;
const has = (name: string): boolean => others !== undefined && existsSync(join(others, "node_modules", name));
const starters: readonly (readonly [name: string, start: StartGateway])[] = [
  ...(isInstalled("nginx") ? [["nginx", startNginx] as const] : []),
  ...(has("@portkey-ai/gateway") ? [["Portkey", startPortkey(others ?? "", values["others-node"])] as const] : []),
  ...(has("@musistudio/claude-code-router")
    ? [["claude-code-router", startClaudeCodeRouter(others ?? "", values["others-node"])] as const]
    : []),
  ...(values.litellm === undefined ? [] : [["LiteLLM", startLiteLlm(values.litellm)] as const]),
  ["Parley", startParley("Parley", { databaseCore: GATEWAY_CORE, profile: values.profile ?? null })],
  ["Parley, database apart", startParley("Parley, database apart", { databaseCore: HELPERS_CORE })],
];
const names = starters.map(([name]) => name).filter((name) => values.only === undefined || values.only === name);
const rounds = new Map<string, Round[]>([STAND_IN, ...names].map((name) => [name, []]));
const loads: number[] = [];
for (let round = 0; round < Number(values.rounds); round += 1) {
  loads.push(loadavg()[0] ?? 0);
  rounds.get(STAND_IN)?.push(await measure({ name: "stand-in", url: upstream, headers: {} }));
  for (const [name, start] of starters) {
    if (!names.includes(name)) continue;
    try {
      await using gateway = await start({ upstream, folder: join(folder, `${name.replace(/\W+/g, "-")}-${round}`) });
      rounds.get(name)?.push(await measure(gateway));
    } catch (error) {
      // The others are measured all the same; its column says NaN.
      console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

const direct = rounds.get(STAND_IN) ?? [];
const all = (name: string): readonly Round[] => rounds.get(name) ?? [];
const added = (name: string, of: (round: Round) => readonly number[], share: number): string =>
  median(all(name).map((round, index) => quantile(of(round), share) - quantile(of(direct[index] ?? round), share))).toFixed(2);
const middle = (name: string, of: (round: Round) => number): string => Math.round(median(all(name).map(of))).toLocaleString("en");
const memory = (name: string, of: "alone" | "all"): string =>
  name === STAND_IN ? "" : `${middle(name, (r) => r.restMib[of])} / ${middle(name, (r) => r.peakMib[of])}`;
const rows: readonly (readonly [string, (name: string) => string])[] = [
  ["requests/s, JSON", (name) => middle(name, (round) => round.perSecond)],
  ["streams/s (32 events)", (name) => middle(name, (round) => round.streamsPerSecond)],
  [
    `added ms, p50 / p99 at ${RATE}/s`,
    (name) => `${added(name, (r) => r.wholeMs, 0.5)} / ${added(name, (r) => r.wholeMs, 0.99)}`,
  ],
  [
    "added ms to first event, p50 / p99",
    (name) => `${added(name, (r) => r.firstMs, 0.5)} / ${added(name, (r) => r.firstMs, 0.99)}`,
  ],
  ["MiB at rest / peak", (name) => memory(name, "alone")],
  ["MiB with its database", (name) => memory(name, "all")],
];
const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
console.log(
  [
    `${cpus()[0]?.model.trim()}, Node ${process.version}; load average ${loads.map((load) => load.toFixed(2)).join(", ")} as the rounds began; ${values.rounds} rounds of ${seconds} s, ${AT_ONCE} connections.`,
    "",
    line(["", ...rounds.keys()]),
    line(["---", ...[...rounds.keys()].map(() => "---:")]),
    ...rows.map(([title, of]) => line([title, ...[...rounds.keys()].map(of)])),
  ].join("\n"),
);
if (values.json !== undefined) await writeFile(values.json, JSON.stringify({ loads, rounds: Object.fromEntries(rounds) }));
