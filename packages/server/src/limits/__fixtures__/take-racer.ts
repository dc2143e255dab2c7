/**
 * A node that takes from the buckets "race-tokens" and "race-requests" as often as it is told, all at once, and prints how
 * many takes were let through. Arguments: store, its URL (empty: the embedded database of the folder that follows), the data
 * folder, number of takes. Its clock stands still.
 */
import { writeSync } from "node:fs";
import { once } from "node:events";
import type { Clock } from "../../platform/clock.ts";
import { openStorage } from "../../storage/storage.ts";
import { silentLog } from "../../storage/testing/test-storage.ts";
import { createPostgresBucketStore } from "../postgres-bucket-store.ts";
import { openRedisBucketStore } from "../redis-bucket-store.ts";
import { TEST_WALL_CLOCK } from "../testing/test-wall-clock.ts";

const [kind = "", url = "", dataDir = "", takes = "0"] = process.argv.slice(2);
const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0 };
const store =
  kind === "redis"
    ? await openRedisBucketStore({ url, clock, log: silentLog, wallClock: TEST_WALL_CLOCK })
    : createPostgresBucketStore({
        storage: await openStorage({ databaseUrl: url === "" ? null : url, dataDir, log: silentLog, clock }),
        clock,
      });
writeSync(1, "ready\n");
await once(process.stdin, "data");
const outcomes = await Promise.all(
  Array.from({ length: Number(takes) }, (_, index) => {
    const demands = [
      { key: "race-tokens", limitPerMinute: 100_000, tokens: 1_000 },
      { key: "race-requests", limitPerMinute: 5_000, tokens: 1 },
    ];
    return store.take(index % 2 === 0 ? demands : demands.toReversed());
  }),
);
writeSync(1, `taken ${outcomes.filter((outcome) => outcome.taken).length}\n`);
process.exit(0);
