import { setTimeout as pause } from "node:timers/promises";
import type { Log } from "../platform/log.ts";
import { answerRouteReload, lastRouteReload } from "../storage/route-reloads.ts";
import type { Storage } from "../storage/storage.ts";

/** A change on another node takes effect within a second. */
const LOOK_EVERY_MS = 800;

/** Reloads this node's routes whenever somebody has asked all nodes to, and says what came of it. */
export async function followRouteReloads(options: {
  readonly storage: Storage;
  /** Returns why the routes stay as they are; null: they are the new ones. */
  readonly reload: () => string | null;
  /** Tells this node from the others. */
  readonly node: string;
  readonly log: Pick<Log, "warn">;
}): Promise<AsyncDisposable> {
  const { storage, reload, node, log } = options;
  const stopping = new AbortController();
  let seen = await lastRouteReload(storage);

  async function look(): Promise<void> {
    const last = await lastRouteReload(storage);
    if (last <= seen) return;
    seen = last;
    await answerRouteReload(storage, { reloadId: last, node, problem: reload() });
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
