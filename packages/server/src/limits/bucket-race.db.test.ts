import { spawn, type ChildProcess } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createClient } from "redis";
import { expect, test } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { openStorage } from "../storage/storage.ts";
import { setLimitWallClock } from "../storage/testing/set-limit-wall-clock.ts";
import { createTestDatabase, silentLog } from "../storage/testing/test-storage.ts";
import { startRedis } from "./testing/start-redis.ts";

const RACER = fileURLToPath(new URL("./__fixtures__/take-racer.ts", import.meta.url));
const TAKES_EACH = 400;

interface Racer {
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
  readonly reader: Interface;
}

async function startRacer(kind: string, url: string, dataDir: string): Promise<Racer> {
  const child = spawn(process.execPath, ["--conditions=source", RACER, kind, url, dataDir, String(TAKES_EACH)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const reader = createInterface({ input: child.stdout });
  const lines = reader[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe("ready");
  return { child, lines, reader };
}

/** Both start at once; how many takes were let through in each. */
async function race(kind: string, url: string, dataDir: string): Promise<readonly number[]> {
  const racers = await Promise.all([1, 2].map(() => startRacer(kind, url, dataDir)));
  for (const { child } of racers) child.stdin?.write("go\n");
  return Promise.all(
    racers.map(async ({ child, lines }) => {
      const exit = once(child, "exit");
      const line = String((await lines.next()).value);
      await exit;
      return Number(line.replace("taken ", ""));
    }),
  );
}

test("two processes race for a bucket in PostgreSQL: exactly what it holds is let through", { timeout: 120_000 }, async () => {
  await using database = await createTestDatabase();
  await using storage = await openStorage({ ...database, log: silentLog, clock: systemClock });
  await setLimitWallClock(storage, Date.UTC(2026, 10, 21));
  for (let round = 1; round <= 2; round += 1) {
    // A minute later the bucket is full again.
    await setLimitWallClock(storage, Date.UTC(2026, 10, 21, 0, round));
    const taken = await race("postgresql", database.databaseUrl ?? "", database.dataDir);
    expect(taken[0]! + taken[1]!).toBe(100);
  }
});

test("two processes race for a bucket in Redis: exactly what it holds is let through", { timeout: 120_000 }, async () => {
  await using redis = await startRedis();
  const admin = await createClient({ url: redis.url }).connect();
  for (let round = 1; round <= 2; round += 1) {
    await admin.set("test-wall", String(Date.UTC(2026, 10, 21, 0, round)));
    const taken = await race("redis", redis.url, "");
    expect(taken[0]! + taken[1]!).toBe(100);
  }
  admin.destroy();
});
