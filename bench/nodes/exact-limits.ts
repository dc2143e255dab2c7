import { setTimeout as sleep } from "node:timers/promises";
import { arrange } from "./arrangement.ts";
import { call, type Outcome, tally } from "./client.ts";
import { printTable } from "./print-table.ts";

const PER_MINUTE = 600;
const OFFERED = 1_500;
const AT_ONCE = 50;

/** More requests than the limit lets through, over three nodes of which one dies meanwhile. */
export async function exactLimits(): Promise<void> {
  const table: string[][] = [];
  for (const redis of [false, true]) {
    await using arrangement = await arrange({ gapMs: 1, redis, config: { limits: { requests_per_minute: PER_MINUTE } } });
    const begunMs = performance.now();
    const outcomes: Outcome[] = [];
    let offered = 0;
    const work = Array.from({ length: AT_ONCE }, async () => {
      while (offered < OFFERED) {
        offered += 1;
        outcomes.push(await call({ ...arrangement, maxTokens: 2, stream: false, prompt: `Request ${offered}` }));
      }
    });
    while (outcomes.length < PER_MINUTE / 4) await sleep(5);
    await arrangement.kill("node-b");
    await Promise.all(work);
    const seconds = (performance.now() - begunMs) / 1000;
    const granted = await arrangement.countTurns();
    const bound = PER_MINUTE + Math.ceil((seconds * PER_MINUTE) / 60);
    table.push([
      redis ? "Redis" : "PostgreSQL",
      String(OFFERED),
      seconds.toFixed(1),
      String(granted),
      String(bound),
      tally(outcomes),
    ]);
  }
  printTable(
    `A limit of ${PER_MINUTE} requests a minute over three nodes, one killed meanwhile`,
    ["limits in", "offered", "seconds", "turns that engines were given", "bucket and refill", "what clients saw"],
    table,
    [],
  );
}
