import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { descendantsOf } from "../../packages/server/test/support/processes.ts";
import { arrange } from "./arrangement.ts";
import { tally } from "./client.ts";
import { startLoad } from "./load.ts";
import { printTable } from "./print-table.ts";

const TICKS_PER_SECOND = 100;
const SECONDS = 20;

/** Of the process and what it has started. */
function cpuSeconds(pid: number): readonly number[] {
  return [pid, ...descendantsOf(pid).map((each) => each.pid)].map((each) => {
    const stat = readFileSync(`/proc/${each}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  });
}

/**
 * What more workers cost beyond the work: turns for each second of processor time. With as many cores as workers the throughput is
 * this times the cores, as long as the busiest process is a worker; a machine with fewer cannot show it otherwise.
 */
export async function scaleWorkers(): Promise<void> {
  const rows: string[][] = [];
  let alone = 0;
  for (const workers of [1, 2, 4]) {
    await using arrangement = await arrange({ gapMs: 0, nodes: ["node-a"], config: { workers } });
    const pid = arrangement.pidOf("node-a");
    const at = { apiKey: arrangement.apiKey, url: arrangement.urlOf("node-a") };
    const warm = startLoad(at, { clients: 16, maxTokens: 8 });
    await sleep(8_000);
    await warm.stop();
    const before = cpuSeconds(pid);
    const load = startLoad(at, { clients: 16, maxTokens: 8 });
    await sleep(SECONDS * 1000);
    const outcomes = await load.stop();
    const used = cpuSeconds(pid).map((seconds, index) => seconds - (before[index] ?? 0));
    const total = used.reduce((sum, each) => sum + each, 0);
    const perSecond = outcomes.length / total;
    if (workers === 1) alone = perSecond;
    const [parent = 0, ...others] = used;
    rows.push([
      String(workers),
      String(outcomes.length),
      total.toFixed(1),
      perSecond.toFixed(0),
      (perSecond / alone).toFixed(2),
      workers === 1 ? "" : `${((parent / total) * 100).toFixed(0)} %`,
      others.length === 0 ? "" : (Math.max(...others) / (others.reduce((a, b) => a + b, 0) / others.length)).toFixed(2),
      tally(outcomes),
    ]);
  }
  printTable(
    `Workers of one node, ${SECONDS} s each`,
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
