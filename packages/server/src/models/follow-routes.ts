import { setTimeout as pause } from "node:timers/promises";
import type { Log } from "../platform/log.ts";
import { answerRouteReload, readRouteOrders } from "../storage/route-reloads.ts";
import type { Storage } from "../storage/storage.ts";

/** A change on another node takes effect within a second. */
const LOOK_EVERY_MS = 800;

/**
 * Reloads this node's routes whenever somebody has asked all nodes to, and says what came of it; and gives those upstreams no new turns that
 * somebody drains, from before it returns.
 */
export async function followRoutes(options: {
  readonly storage: Storage;
  /** Returns why the routes stay as they are; null: they are the new ones. */
  readonly reload: () => string | null;
  /** Called with all that are drained, whenever these are others than before. */
  readonly drain: (upstreams: ReadonlySet<string>) => void;
  /** Tells this node from the others. */
  readonly node: string;
  readonly log: Pick<Log, "warn">;
}): Promise<AsyncDisposable> {
  const { storage, reload, node, log } = options;
  const stopping = new AbortController();
  const { lastReload, drained } = await readRouteOrders(storage);
  let seen = lastReload;
  let drainedNow: readonly string[] = [];
  drain(drained);

  function drain(upstreams: readonly string[]): void {
    if (upstreams.join("\n") === drainedNow.join("\n")) return;
    drainedNow = upstreams;
    options.drain(new Set(upstreams));
  }

  async function look(): Promise<void> {
    const orders = await readRouteOrders(storage);
    drain(orders.drained);
    if (orders.lastReload <= seen) return;
    seen = orders.lastReload;
    await answerRouteReload(storage, { reloadId: seen, node, problem: reload() });
  }

  async function follow(): Promise<void> {
    for (;;) {
      await pause(LOOK_EVERY_MS, undefined, { signal: stopping.signal, ref: false });
      // While the database is away nobody can ask.
      await look().catch((error: unknown) => log.warn({ err: error }, "could not look for new routes"));
    }
  }
  const following = follow().catch(() => {});
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await following;
    },
  };
}
