import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { descendantsOf } from "../../packages/server/test/support/processes.ts";
import { arrange } from "./arrangement.ts";
import { tally, type Outcome } from "./client.ts";
import { startLoad } from "./load.ts";
import { printTable } from "./print-table.ts";

const TICKS_PER_SECOND = 100;
const SECONDS = 15;
const WARM_MS = 6_000;
const WORKERS = [1, 2];
const ROUNDS = 3;
const CLIENTS_PER_WORKER = 16;

/** Of the process and what it has started. */
function cpuSeconds(pid: number): readonly number[] {
  return [pid, ...descendantsOf(pid).map((each) => each.pid)].map((each) => {
    const stat = readFileSync(`/proc/${each}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  });
}

/** By process: the one that was started, and its workers. */
interface Work {
  readonly outcomes: readonly Outcome[];
  readonly seconds: readonly number[];
}

/**
 * What more workers cost beyond the work: turns for each second of processor time. With as many cores as workers the throughput is
 * this times the cores, as long as the busiest process is a worker; a machine with fewer cannot show it otherwise. Each worker has as many
 * clients as a single process, as it would have where there are cores for all; what else computes meets all of them by turns.
 */
export async function scaleWorkers(): Promise<void> {
  const work = new Map<number, Work[]>(WORKERS.map((workers) => [workers, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const workers of WORKERS) work.get(workers)?.push(await measure(workers));
  }
  const perSecond = (all: readonly Work[]): number => sum(all.map(({ outcomes }) => outcomes.length)) / sum(all.map(total));
  const alone = perSecond(work.get(1) ?? []);
  const rows = [...work].map(([workers, all]) => {
    const processes = all[0]?.seconds.map((_, index) => sum(all.map(({ seconds }) => seconds[index] ?? 0))) ?? [];
    const [parent = 0, ...others] = processes;
    return [
      String(workers),
      String(sum(all.map(({ outcomes }) => outcomes.length))),
      sum(processes).toFixed(1),
      perSecond(all).toFixed(0),
      (perSecond(all) / alone).toFixed(2),
      workers === 1 ? "" : `${((parent / sum(processes)) * 100).toFixed(0)} %`,
      others.length === 0 ? "" : (Math.max(...others) / (sum(others) / others.length)).toFixed(2),
      all.map(({ outcomes }) => tally(outcomes)).join("; "),
    ];
  });
  printTable(
    `Workers of one node, ${ROUNDS} rounds of ${SECONDS} s each`,
    [
      "workers",
      "turns",
      "processor seconds",
      "turns a processor second",
      "of one process",
      "the parent's share",
      "busiest worker to average",
      "what clients saw",
    ],
    rows,
    [],
  );
}

async function measure(workers: number): Promise<Work> {
  await using arrangement = await arrange({ gapMs: 0, nodes: ["node-a"], config: { workers } });
  const pid = arrangement.pidOf("node-a");
  const at = { apiKey: arrangement.apiKey, url: arrangement.urlOf("node-a") };
  const load = { clients: CLIENTS_PER_WORKER * workers, maxTokens: 8 };
  const warm = startLoad(at, load);
  await sleep(WARM_MS);
  await warm.stop();
  const before = cpuSeconds(pid);
  const running = startLoad(at, load);
  await sleep(SECONDS * 1000);
  const outcomes = await running.stop();
  return { outcomes, seconds: cpuSeconds(pid).map((seconds, index) => seconds - (before[index] ?? 0)) };
}

const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0);
const total = ({ seconds }: Work): number => sum(seconds);
