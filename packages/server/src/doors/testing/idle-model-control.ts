import { createModelControl, type ModelControl } from "../../models/model-control.ts";
import { systemClock } from "../../platform/clock.ts";
import type { Engine } from "../../turn/engine.ts";

/** The models' page of a server whose engine is a script: weights that are here and never loaded. */
export function createIdleModelControl({
  engine,
  mapping,
}: {
  readonly engine: Pick<Engine, "list">;
  readonly mapping: Readonly<Record<string, string>>;
}): ModelControl {
  const list = async () =>
    (await engine.list()).map(({ weights, title }) => ({ name: weights, title, file: `/${weights}.gguf`, bytes: 1_000_000 }));
  return createModelControl({
    pool: {
      status: () => ({ models: [], plannedBytes: 0, budgetBytes: null }),
      plans: async () => [],
      preload: async () => {},
      release: async () => "absent",
    },
    loads: () => [],
    store: { list, find: async (name) => (await list()).find((weights) => weights.name === name) },
    catalog: [],
    pulls: { list: () => [], start() {}, stop: async () => false, [Symbol.asyncDispose]: async () => {} },
    snapshots: () => ({ snapshots: 0, bytes: 0 }),
    snapshotBudgetBytes: 0,
    routes: () => ({ models: mapping, upstreams: {}, pools: {} }),
    upstreams: { status: () => [], queues: () => [], reload: () => null, tellOthers: async () => {} },
    availableBytes: async () => 0,
    changes: { note() {} },
    clock: systemClock,
    log: { warn() {} },
    signal: new AbortController().signal,
  });
}
