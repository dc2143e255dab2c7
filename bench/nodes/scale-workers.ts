import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { descendantsOf } from "../../packages/server/test/support/processes.ts";
import { ask } from "../gateway/ask.ts";
import { type Gateway, startParley, startStandIn } from "../gateway/gateways.ts";
import { HELPERS_CORE, isDatabase } from "../gateway/processes.ts";
import { cpuMsOf } from "../scale/processor-time.ts";
import { printTable } from "./print-table.ts";

const MS_PER_SECOND = 1_000;
const WORKERS = [1, 2, 4];
const ROUNDS = 2;
const CLIENTS_PER_WORKER = 32;
/** Each process compiles for itself what is busy, and has only its part of the core for that. */
const WARM_SECONDS_PER_WORKER = 10;
const SECONDS = 10;

interface Work {
  readonly turns: number;
  /** By process: the one that was started, and its workers. */
  readonly seconds: readonly number[];
}

/**
 * What more workers cost beyond the work: turns for each second of processor time. With as many cores as workers the throughput is
 * this times the cores, as long as the busiest process is a worker; a machine with two cannot show it otherwise. All of a node's processes have one core,
 * which they use up; clients, upstream and database have another. Each worker has as many clients as a single process.
 */
export async function scaleWorkers(): Promise<void> {
  const standIn = await startStandIn();
  await using _standIn = { [Symbol.asyncDispose]: () => standIn.end() };
  const upstream = `http://127.0.0.1:${await standIn.firstLine}`;
  const whole = new Map<number, Work[]>(WORKERS.map((workers) => [workers, []]));
  const streams = new Map<number, Work[]>(WORKERS.map((workers) => [workers, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const workers of WORKERS) {
      const folder = await mkdtemp(join(tmpdir(), "parley-workers-"));
      await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
      const start = startParley(`${workers} workers`, { databaseCore: HELPERS_CORE, workers });
      await using gateway = await start({ upstream, folder });
      whole.get(workers)?.push(await measure(gateway, workers, false));
      streams.get(workers)?.push(await measure(gateway, workers, true));
    }
  }
  printWork("requests", whole);
  printWork("streams of 32 events", streams);
}

async function measure(gateway: Gateway, workers: number, isStream: boolean): Promise<Work> {
  const clients = ["--at-once", String(CLIENTS_PER_WORKER * workers)];
  await ask(gateway, isStream, [...clients, "--seconds", String(WARM_SECONDS_PER_WORKER * workers)]);
  const before = cpuSeconds(gateway.pid);
  const { wholeMs } = await ask(gateway, isStream, [...clients, "--seconds", String(SECONDS)]);
  const seconds = cpuSeconds(gateway.pid).map((each, index) => each - (before[index] ?? 0));
  return { turns: wholeMs.length, seconds };
}

/** Of the process and its workers. */
function cpuSeconds(pid: number): readonly number[] {
  const workers = descendantsOf(pid).filter((each) => !isDatabase(each));
  return [pid, ...workers.map((each) => each.pid)].map((each) => cpuMsOf(each) / MS_PER_SECOND);
}

function printWork(what: string, work: ReadonlyMap<number, readonly Work[]>): void {
  const perSecond = (all: readonly Work[]): number => sum(all.map(({ turns }) => turns)) / sum(all.map(total));
  const alone = perSecond(work.get(1) ?? []);
  const rows = [...work].map(([workers, all]) => {
    const processes = all[0]?.seconds.map((_, index) => sum(all.map(({ seconds }) => seconds[index] ?? 0))) ?? [];
    const [parent = 0, ...others] = processes;
    return [
      String(workers),
      String(sum(all.map(({ turns }) => turns))),
      sum(processes).toFixed(1),
      perSecond(all).toFixed(0),
      (perSecond(all) / alone).toFixed(2),
      workers === 1 ? "" : `${((parent / sum(processes)) * 100).toFixed(0)} %`,
      others.length === 0 ? "" : (Math.max(...others) / (sum(others) / others.length)).toFixed(2),
    ];
  });
  printTable(
    `Workers of one node: ${what}, ${ROUNDS} rounds of ${SECONDS} s each`,
    [
      "workers",
      "turns",
      "processor seconds",
      "turns a processor second",
      "of one process",
      "the parent's share",
      "busiest worker to average",
    ],
    rows,
    [],
  );
}

const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0);
const total = ({ seconds }: Work): number => sum(seconds);
