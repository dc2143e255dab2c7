import { setTimeout as sleep } from "node:timers/promises";
import { memoryMib } from "../gateway/processes.ts";
import { arrange, NODES } from "./arrangement.ts";
import { call, tally, type Outcome } from "./client.ts";
import { startLoad } from "./load.ts";
import { printTable } from "./print-table.ts";

const IDLE_STREAMS = 1_000;
const SAMPLE_MS = 15_000;

/** What streams cost that are open and say nothing but pings. */
export async function holdIdleStreams(): Promise<void> {
  await using arrangement = await arrange({ gapMs: 5, nodes: ["node-a"] });
  const pid = arrangement.pidOf("node-a");
  // As warm as a node that has worked.
  const url = arrangement.urlOf("node-a");
  const load = startLoad({ apiKey: arrangement.apiKey, url }, { clients: 20, maxTokens: 5 });
  await sleep(10_000);
  await load.stop();
  await sleep(5_000);
  const before = memoryMib(pid).alone;
  const outcomes: Promise<Outcome>[] = [];
  for (let index = 0; index < IDLE_STREAMS; index += 1) {
    outcomes.push(call({ url, apiKey: arrangement.apiKey, maxTokens: 1, stream: true, prompt: `Idle ${index}` }));
    if (index % 50 === 49) await sleep(100);
  }
  await sleep(10_000);
  const opened = memoryMib(pid).alone;
  await sleep(30_000);
  const held = memoryMib(pid).alone;
  const ends = await Promise.all(outcomes);
  await sleep(5_000);
  const mib = (value: number): string => value.toFixed(0);
  printTable(
    `${IDLE_STREAMS} idle streams on one node`,
    ["before, MiB", "all open", "40 s later", "a stream, KiB", "after them", "how they ended"],
    [
      [
        mib(before),
        mib(opened),
        mib(held),
        (((held - before) / IDLE_STREAMS) * 1024).toFixed(0),
        mib(memoryMib(pid).alone),
        tally(ends),
      ],
    ],
    [],
  );
}

/** The same work for a long time: does memory grow? */
export async function soak({ minutes }: { readonly minutes: number }): Promise<void> {
  await using arrangement = await arrange({ gapMs: 20 });
  const load = startLoad(arrangement, { clients: 20, maxTokens: 20, pauseMs: 200 });
  const samples = new Map<string, { readonly hours: number; readonly mib: number }[]>(NODES.map((name) => [name, []]));
  while (load.nowMs() < minutes * 60_000) {
    await sleep(SAMPLE_MS);
    for (const name of NODES) {
      samples.get(name)?.push({ hours: load.nowMs() / 3_600_000, mib: memoryMib(arrangement.pidOf(name)).alone });
    }
  }
  const outcomes = await load.stop();
  const rows = [...samples].map(([name, all]) => {
    // The first half is warming up.
    const steady = all.slice(Math.floor(all.length / 2));
    const [first, last] = [steady[0]?.mib ?? 0, steady.at(-1)?.mib ?? 0];
    return [name, first.toFixed(0), last.toFixed(0), slope(steady).toFixed(1), Math.max(...all.map(({ mib }) => mib)).toFixed(0)];
  });
  printTable(
    `${minutes} minutes of steady work, ${outcomes.length} turns`,
    ["node", "MiB at half time", "at the end", "growth in the second half, MiB an hour", "peak"],
    rows,
    [tally(outcomes), JSON.stringify(await arrangement.checkMoney())],
  );
}

/** Least squares. */
function slope(samples: readonly { readonly hours: number; readonly mib: number }[]): number {
  const mean = (pick: (sample: { readonly hours: number; readonly mib: number }) => number): number =>
    samples.reduce((sum, each) => sum + pick(each), 0) / samples.length;
  const [x, y] = [mean(({ hours }) => hours), mean(({ mib }) => mib)];
  const over = samples.reduce((sum, { hours, mib }) => sum + (hours - x) * (mib - y), 0);
  return over / samples.reduce((sum, { hours }) => sum + (hours - x) ** 2, 0);
}
