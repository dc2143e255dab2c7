/**
 * What the platform half adds to a turn: key check, rate limits (in memory), the hold on its cost, its ledger row with sums and
 * charge, over a real PostgreSQL and an engine that answers at once. Two databases, an empty and a full one, are measured by turns:
 * the half alone, in this process, and whole requests over HTTP, sent by a process of its own. Then the reports over the full one, and
 * the nightly comparison of its ledger, sums and charges, which has to find that they agree.
 *
 *   node --conditions=source bench/platform/run.ts [--money on|off] [--keys N] [--rows N] [--rounds N] [--seconds N] [--json FILE]
 *
 * With `--rows 0` there is only the empty one. Ten million rows take some minutes and 8 GB below the folder of temporary files.
 */
import { fork } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { countDifferences } from "../../packages/server/src/storage/reconcile.ts";
import { loadNow, publish } from "../support/report.ts";
import { median, quantile, rotate } from "../support/statistics.ts";
import { fillKeys, FILLED_DAYS, filledUntil, fillLedger } from "./fill-ledger.ts";
import { measureReports } from "./measure-reports.ts";
import { openSubject, type Subject } from "./open-subject.ts";

const { values } = parseArgs({
  options: {
    money: { type: "string", default: "on" },
    keys: { type: "string", default: "100000" },
    rows: { type: "string", default: "10000000" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    json: { type: "string" },
  },
});
const [keys, rows, rounds, seconds] = [Number(values.keys), Number(values.rows), Number(values.rounds), Number(values.seconds)];
const settings = { money: values.money, keys, "rows on the ledger": rows, rounds, "seconds a round over HTTP": seconds };
const AT_ONCE = 64;
const TURNS_ALONE = 500;
const TURNS_TOGETHER = 4_000;
const DAY_MS = 86_400_000;

interface Run {
  readonly times: readonly number[];
  readonly tookMs: number;
  /** Of this process; 1 is one core. */
  readonly cpuShare: number;
}

const loadBefore = loadNow();
const isCharging = values.money === "on";
await using empty = await openSubject({ isCharging });
await using full = rows > 0 ? await openSubject({ isCharging }) : null;
const filling = performance.now();
const secrets = full ? await fillKeys(full.platform, keys) : [];
if (full) await fillLedger(full.platform, rows);
if (full) process.stderr.write(`filled in ${((performance.now() - filling) / 1_000).toFixed(0)} s\n`);

type Measure = (subject: Subject) => Promise<Run>;
const MEASURES: readonly (readonly [name: string, measure: Measure])[] = [
  ["the half alone, one at a time", (subject) => turns(subject, TURNS_ALONE, 1)],
  [`the half alone, ${AT_ONCE} at a time`, (subject) => turns(subject, TURNS_TOGETHER, AT_ONCE)],
  ["whole requests, one at a time", (subject) => requests(subject, 1)],
  [`whole requests, ${AT_ONCE} at a time`, (subject) => requests(subject, AT_ONCE)],
];
const subjects = [empty, ...(full ? [full] : [])];
for (const subject of subjects) {
  await turns(subject, TURNS_TOGETHER, AT_ONCE);
  await requests(subject, AT_ONCE);
}
const runs = new Map<string, Run[]>();
const keep = (name: string, subject: Subject, run: Run): void => {
  const key = `${name}, ${subject === empty ? "empty" : "full"}`;
  runs.set(key, [...(runs.get(key) ?? []), run]);
};
for (let round = 0; round < rounds; round += 1) {
  for (const [name, measure] of MEASURES) {
    for (const subject of rotate(subjects, round)) keep(name, subject, await measure(subject));
  }
}
if (full) {
  await writeFile(full.keysFile, JSON.stringify(secrets));
  for (let round = 0; round < rounds; round += 1) {
    keep(`whole requests, ${AT_ONCE} at a time, each with another key`, full, await requests(full, AT_ONCE));
  }
}
await publish(
  {
    title: "What the platform half costs a turn",
    llamaServer: null,
    settings,
    head: ["", "median", "95 %", "turns/s", "of a core", "turns/s a whole core of the server"],
    rows: [...runs].map(([name, each]) => toRow(name, each)),
    notes: [
      "Medians over the rounds. The core is the server's own time with its collector of garbage, not the database's nor the client's.",
      ...(full
        ? MEASURES.map(([name]) => `${name}: the median with the full database is ${ratio(name)} times that with the empty one.`)
        : []),
    ],
    loadBefore,
    measurements: Object.fromEntries(runs),
  },
  values.json ?? null,
);

if (full) {
  await publish(
    {
      title: `Reports over ${rows} turns in ${FILLED_DAYS} days`,
      llamaServer: null,
      settings,
      head: ["", "median", "95 %", "size"],
      rows: await measureReports(full.platform),
      notes: ["30 requests each, over HTTP."],
      loadBefore: loadNow(),
      measurements: {},
    },
    null,
  );
  const begunMs = performance.now();
  const differences = await countDifferences(full.platform.storage, filledUntil() * 1_000 - FILLED_DAYS * DAY_MS);
  process.stdout.write(
    `\nThe comparison of ledger, sums and charges took ${((performance.now() - begunMs) / 1_000).toFixed(1)} s and found ${JSON.stringify(differences)}.\n`,
  );
}

function toRow(name: string, each: readonly Run[]): string[] {
  const of = (value: (run: Run) => number): number => median(each.map(value));
  const rate = ({ times, tookMs }: Run): number => (times.length / tookMs) * 1_000;
  return [
    name,
    `${of(({ times }) => median(times)).toFixed(2)} ms`,
    `${of(({ times }) => quantile(times, 0.95)).toFixed(2)} ms`,
    of(rate).toFixed(0),
    `${(of(({ cpuShare }) => cpuShare) * 100).toFixed(0)} %`,
    of((run) => rate(run) / run.cpuShare).toFixed(0),
  ];
}

/** Of the pairs of one round. */
function ratio(name: string): string {
  const [before = [], after = []] = [runs.get(`${name}, empty`), runs.get(`${name}, full`)];
  return median(after.map((run, round) => median(run.times) / median(before[round]?.times ?? []))).toFixed(2);
}

async function turns(subject: Subject, count: number, atOnce: number): Promise<Run> {
  let left = count;
  return measured(async () => {
    const times: number[] = [];
    const begunMs = performance.now();
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        while (left-- > 0) {
          const turnBegunMs = performance.now();
          await subject.turn();
          times.push(performance.now() - turnBegunMs);
        }
      }),
    );
    return { times, tookMs: performance.now() - begunMs };
  });
}

async function requests({ url, keysFile }: Subject, atOnce: number): Promise<Run> {
  return measured(() => {
    const { promise, resolve, reject } = Promise.withResolvers<Omit<Run, "cpuShare">>();
    const client = fork(join(import.meta.dirname, "load-client.ts"), [url, keysFile, String(atOnce), String(seconds)], {
      execArgv: ["--conditions=source"],
    });
    client.once("message", (message) => resolve(message as Omit<Run, "cpuShare">));
    client.once("exit", () => reject(new Error("the client ended without a word")));
    return promise;
  });
}

/** What the client does before its first request costs this process nothing. */
async function measured(work: () => Promise<Omit<Run, "cpuShare">>): Promise<Run> {
  const before = process.cpuUsage();
  const done = await work();
  const { user, system } = process.cpuUsage(before);
  return { ...done, cpuShare: (user + system) / 1_000 / done.tookMs };
}
