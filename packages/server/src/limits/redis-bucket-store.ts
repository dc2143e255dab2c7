import { createClient } from "redis";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import { toReadings, toTakeOutcome, type BucketDemand, type BucketStore } from "./bucket-store.ts";
import { createClockWitness } from "./clock-witness.ts";
import { REDIS_WALL_CLOCK, takeScript, type TakeArguments } from "./redis-script.ts";

const PREFIX = "parley:limits:";
/** A take needs well under a millisecond; a server that is this late is away as far as a turn is concerned. */
const COMMAND_TIMEOUT_MS = 500;
const RECONNECT_MAX_MS = 1_000;

export interface RedisBucketStore extends BucketStore, AsyncDisposable {}

/**
 * Buckets in a Redis server: shared by every node. Not for a Redis Cluster: one take's buckets would lie on several of its
 * nodes. While the server is away every call fails at once; see `createFailoverBucketStore`.
 */
export async function openRedisBucketStore(options: {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn">;
  /** What the script takes for the server's wall clock, in Lua. */
  readonly wallClock?: string;
}): Promise<RedisBucketStore> {
  const { url, clock, log, wallClock = REDIS_WALL_CLOCK } = options;
  const client = createClient({
    url,
    scripts: { take: takeScript(wallClock) },
    disableOfflineQueue: true,
    commandOptions: { timeout: COMMAND_TIMEOUT_MS },
    socket: { connectTimeout: 2_000, reconnectStrategy: (retries) => Math.min(RECONNECT_MAX_MS, 50 * 2 ** retries) },
  });
  let isDown = false;
  client.on("error", (error: unknown) => {
    if (!isDown) log.warn({ err: error }, "the connection to Redis broke");
    isDown = true;
  });
  client.on("ready", () => (isDown = false));
  // An unreachable server is no reason not to start: it is tried again until it answers.
  void client.connect().catch(() => {});
  await new Promise<void>((resolve) => {
    client.once("ready", resolve);
    client.once("error", () => resolve());
  });
  const witness = createClockWitness(clock);

  async function apply(verb: TakeArguments["verb"], demands: readonly BucketDemand[]) {
    const sentAtMs = clock.monotonicMs();
    const [taken, nowMs, version, ...levels] = await withinTime(
      client.take({
        verb,
        clockKey: `${PREFIX}clock`,
        keys: demands.map((demand) => PREFIX + demand.key),
        limitsPerMinute: demands.map((demand) => demand.limitPerMinute),
        tokens: demands.map((demand) => demand.tokens),
        expected: witness.expect(),
      }),
    );
    witness.observe({ nowMs: Number(nowMs), version: Number(version), sentAtMs });
    return { taken: taken === "1", levelsUnits: levels.map(Number) };
  }

  return {
    async take(demands) {
      const { taken, levelsUnits } = await apply("take", demands);
      return toTakeOutcome(demands, taken, levelsUnits);
    },
    async settle(demands) {
      await apply("settle", demands);
    },
    async read(demands) {
      const { levelsUnits } = await apply("read", demands);
      return toReadings(demands, levelsUnits);
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
    },
  };
}

/** The client's own timeout ends with the writing of a command; a server that took it and hangs answers nothing at all. */
async function withinTime<T>(reply: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis did not answer within ${COMMAND_TIMEOUT_MS} ms`)), COMMAND_TIMEOUT_MS);
  });
  try {
    return await Promise.race([reply, late]);
  } finally {
    clearTimeout(timer);
  }
}
