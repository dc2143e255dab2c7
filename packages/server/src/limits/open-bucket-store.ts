import type { Clock } from "../platform/clock.ts";
import { ConfigError } from "../platform/config.ts";
import type { Log } from "../platform/log.ts";
import type { EmbeddedPostgres } from "../storage/embedded-postgres/embedded-postgres.ts";
import type { Storage } from "../storage/storage.ts";
import type { BucketStore } from "./bucket-store.ts";
import { createBucketReserve } from "./create-bucket-reserve.ts";
import { createFailoverBucketStore } from "./failover-bucket-store.ts";
import { createMemoryBucketStore } from "./memory-bucket-store.ts";
import { createPostgresBucketStore } from "./postgres-bucket-store.ts";
import { createSettleQueue } from "./settle-queue.ts";

export type BucketStoreKind = "memory" | "postgresql" | "redis";

/**
 * Redis where there is one; memory for a node that has its database to itself. Throws `ConfigError` for memory beside another
 * Parley on the same data folder: each would grant the whole of every limit. See docs/decisions/2026-11-21-limit-stores.md.
 */
export function chooseBucketStore(
  configured: BucketStoreKind | "auto",
  at: { readonly redisUrl: string | null; readonly database: "server" | EmbeddedPostgres["role"] },
): BucketStoreKind {
  const chosen = configured === "auto" ? storeFor(at) : configured;
  if (chosen !== "memory" || at.database !== "guest") return chosen;
  const remedy =
    "another Parley runs on this data folder and keeps its rate limits in its memory; " +
    "set it to postgresql for both and start both again, so that they share them";
  throw new ConfigError([{ key: "limits.store", value: configured, remedy, from: "the configuration" }]);
}

function storeFor({ redisUrl, database }: Parameters<typeof chooseBucketStore>[1]): BucketStoreKind {
  if (redisUrl !== null) return "redis";
  return database === "server" ? "postgresql" : "memory";
}

export async function openBucketStore(options: {
  readonly kind: BucketStoreKind;
  readonly redisUrl: string | null;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn" | "info">;
}): Promise<BucketStore & AsyncDisposable> {
  const { kind, redisUrl, storage, clock, log } = options;
  if (kind === "memory") return { ...createMemoryBucketStore({ clock }), async [Symbol.asyncDispose]() {} };
  const shared = createPostgresBucketStore({ storage, clock });
  if (kind === "postgresql") return withReserve(shared);
  // Loaded where it is used: the client is large.
  const { openRedisBucketStore } = await import("./redis-bucket-store.ts");
  const redis = await openRedisBucketStore({ url: redisUrl ?? "redis://127.0.0.1:6379", clock, log });
  const failover = withReserve(createFailoverBucketStore({ first: redis, second: shared, clock, log }));
  return {
    ...failover,
    async [Symbol.asyncDispose]() {
      await failover[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    },
  };

  function withReserve(store: BucketStore): BucketStore & AsyncDisposable {
    const queue = createSettleQueue(store, log);
    const reserve = createBucketReserve({ store, queue, clock, log });
    return {
      ...reserve,
      async [Symbol.asyncDispose]() {
        await reserve[Symbol.asyncDispose]();
        await queue[Symbol.asyncDispose]();
      },
    };
  }
}
