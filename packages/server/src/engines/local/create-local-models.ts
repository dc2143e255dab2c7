import type { Clock } from "../../platform/clock.ts";
import { fail } from "../../platform/fail.ts";
import type { Log } from "../../platform/log.ts";
import { delay, raceAbort } from "../../platform/race-abort.ts";
import type { WeightsDescription } from "../../turn/engine.ts";
import { BackendGone } from "../backend.ts";
import type { GgufFacts } from "../gguf/gguf-facts.ts";
import { assertMemoryFits } from "../gguf/plan-memory.ts";
import { createBackendStarter, type BackendChoice } from "./choose-backend.ts";
import type {
  Lease,
  LocalFile,
  LocalFiles,
  LocalProjector,
  ModelState,
  ModelStatus,
  PoolStatus,
  StartedBackend,
} from "./model-pool-types.ts";
import { planLoad, type LoadPlan } from "./plan-load.ts";
import { privateBytes } from "./private-bytes.ts";
import { afterCrash } from "./restart-delay.ts";

export interface LocalModelsOptions extends BackendChoice {
  readonly files: LocalFiles;
  readonly readFacts: (file: string) => Promise<GgufFacts>;
  /** Of weights that are to see; null for all others. Rejects where its file cannot be read. */
  readonly readProjector?: (weights: string) => Promise<LocalProjector | null>;
  readonly slots: number;
  /** Null: the model's own, or what fits. */
  readonly contextTokens: number | null;
  /** Null: what the machine has free. */
  readonly memoryBudgetBytes: number | null;
  readonly availableBytes: () => Promise<number>;
  readonly keepAliveMs: number;
  readonly thinkingOf: (chatTemplate: string | null) => WeightsDescription["thinking"];
  /** An engine that had died works again. */
  readonly onRestart: (weights: string) => void;
  readonly log: Pick<Log, "debug" | "info" | "warn" | "error">;
  readonly clock: Clock;
}

export interface LocalModels {
  list(): Promise<readonly WeightsDescription[]>;
  /** Loads if need be. Throws `not_found_error`, `overloaded_error` (no memory, or it crashes) or the signal's reason. */
  acquire(weights: string, signal: AbortSignal): Promise<Lease>;
  /** Loads ahead of the first turn. */
  preload(weights: string, signal: AbortSignal): Promise<void>;
  /** Ends an idle model's engine; "busy" while turns hold it or it is being loaded, "absent" where it is not loaded. */
  release(weights: string): Promise<"released" | "busy" | "absent">;
  /** What loading each model on disk would take now, or takes. */
  plans(): Promise<readonly PlannedModel[]>;
  status(): PoolStatus;
  /** Takes no new turns, waits for those under way at most `drainMs`, then ends every engine. */
  close(drainMs: number): Promise<void>;
}

export interface PlannedModel {
  readonly weights: string;
  /** Null for a file that cannot be read. */
  readonly plan: LoadPlan | null;
}

interface Entry {
  readonly local: LocalFile;
  state: ModelState;
  backend: StartedBackend | null;
  /** The load, restart or unload under way. */
  work: Promise<void> | null;
  plan: LoadPlan | null;
  progress: number;
  leases: number;
  loadedAtMs: number | null;
  lastUsedMs: number;
  crashes: number;
  /** Crashes in a row, each soon after its start. */
  quickCrashes: number;
  lastFault: string | null;
  idleTimer: NodeJS.Timeout | null;
}

/** A turn waits for a restart no longer than this. */
const PATIENCE_MS = 5_000;
/** How long a load waits for busy models to become idle. */
const MEMORY_WAIT_MS = 30_000;
const POLL_MS = 100;
const NEVER = new AbortController().signal;
/** A model that rested for so long gives way before another one gets a shorter context. */
const STALE_MS = 300_000;

/** The loaded models: loads on demand, keeps alive, unloads the least recently used, restarts what crashed. */
export function createLocalModels(options: LocalModelsOptions): LocalModels {
  const { files, readFacts, readProjector = async () => null, log, clock, keepAliveMs } = options;
  const entries = new Map<string, Entry>();
  const closing = new AbortController();
  const startBackend = createBackendStarter(options);
  /** Loads run one at a time: each plans with the memory that the one before left. */
  let lastLoad: Promise<void> = Promise.resolve();

  const plannedBytes = (): number =>
    entries.values().reduce((sum, entry) => sum + (isResident(entry) ? (entry.plan?.memory.totalBytes ?? 0) : 0), 0);

  async function availableBytes(): Promise<number> {
    const budget = options.memoryBudgetBytes;
    if (budget !== null) return budget - plannedBytes();
    // What loaded models already hold is missing from what is free; what they have yet to touch is not. So add the
    // one and take off the whole plan.
    const pids = entries.values().flatMap(({ backend }) => (backend ? [backend.pid] : []));
    const held = await Promise.all(pids.map(privateBytes));
    return (await options.availableBytes()) + held.reduce((sum, bytes) => sum + bytes, 0) - plannedBytes();
  }

  /** Plans, and makes room by unloading idle models, the least recently used first. */
  async function makeRoom(entry: Entry, facts: GgufFacts): Promise<LoadPlan> {
    const giveUpMs = clock.monotonicMs() + MEMORY_WAIT_MS;
    for (;;) {
      closing.signal.throwIfAborted();
      const available = await availableBytes();
      const plan = planLoad(facts, { slots: options.slots, contextTokens: options.contextTokens, availableBytes: available });
      const others = entries
        .values()
        .filter((other) => other !== entry && isResident(other))
        .toArray();
      const idle = others
        .filter((other) => other.leases === 0 && other.work === null)
        .toSorted((a, b) => a.lastUsedMs - b.lastUsedMs)[0];
      const isStale = idle !== undefined && clock.nowMs() - idle.lastUsedMs > STALE_MS;
      if (plan.memory.fits && (plan.cut === null || !isStale)) return plan;
      if (idle) {
        log.info({ weights: idle.local.name, for: entry.local.name }, "unloading the least recently used model to make room");
        await unload(idle);
        continue;
      }
      const alone = planLoad(facts, {
        slots: options.slots,
        contextTokens: options.contextTokens,
        availableBytes: available + plannedBytes(),
      });
      // Refused at once when it would not fit into an empty pool either.
      if (!alone.memory.fits || others.length === 0) assertMemoryFits(facts, alone.memory, alone.demand);
      if (clock.monotonicMs() >= giveUpMs) {
        throw fail("overloaded_error", {
          public: "The server's memory is taken by other models at work. Try again shortly.",
          internal: `${entry.local.name} needs ${plan.memory.totalBytes} bytes, ${available} are left beside busy models`,
          retryAfterSeconds: 10,
        });
      }
      await delay(POLL_MS, closing.signal);
    }
  }

  async function load(entry: Entry): Promise<void> {
    const startedMs = clock.monotonicMs();
    entry.state = "loading";
    entry.progress = 0;
    // What a process planned that has died is free again.
    entry.plan = null;
    const unreadable = (what: string) => (cause: unknown) => {
      throw fail("api_error", { public: "The model could not be loaded.", internal: `${what} cannot be read`, cause });
    };
    const { name } = entry.local;
    const facts = await readFacts(entry.local.file).catch(unreadable(name));
    const projector = await readProjector(name).catch(unreadable(`the projector of ${name}`));
    const plan = await makeRoom(entry, withProjector(facts, projector));
    entry.plan = plan;
    if (plan.cut) log.warn({ weights: entry.local.name }, `to fit into memory, ${plan.cut}`);
    const backend = await startBackend(entry.local.name, {
      file: entry.local.file,
      facts,
      projector,
      slots: plan.demand.slots,
      contextTokens: plan.demand.contextTokens,
      signal: closing.signal,
      onLoadProgress: (fraction) => (entry.progress = fraction),
    });
    entry.backend = backend;
    entry.state = "ready";
    entry.loadedAtMs = entry.lastUsedMs = clock.nowMs();
    log.info(
      {
        weights: entry.local.name,
        engine: backend.kind,
        pid: backend.pid,
        slots: backend.slots,
        contextTokens: backend.model.contextTokens,
        plannedBytes: plan.memory.totalBytes,
        loadMs: Math.round(clock.monotonicMs() - startedMs),
      },
      "model loaded",
    );
    void backend.gone.then(() => onGone(entry, backend));
    watchIdle(entry);
  }

  /** One load at a time in the pool, and one for each model however many wait for it. */
  function beginLoad(entry: Entry, delayMs: number): Promise<void> {
    const work = (async () => {
      // A load that waits out its backoff does not hold up the others.
      if (delayMs > 0) await delay(delayMs, closing.signal);
      const before = lastLoad;
      const turn = Promise.withResolvers<void>();
      lastLoad = turn.promise;
      try {
        await before;
        closing.signal.throwIfAborted();
        await load(entry);
      } catch (error) {
        entry.lastFault = error instanceof Error ? error.message : String(error);
        if (entries.get(entry.local.name) === entry) entries.delete(entry.local.name);
        throw error;
      } finally {
        entry.work = null;
        turn.resolve();
      }
    })();
    entry.work = work;
    return work;
  }

  function onGone(entry: Entry, backend: StartedBackend): void {
    if (entry.backend !== backend) return;
    entry.backend = null;
    entry.crashes += 1;
    const livedMs = clock.nowMs() - (entry.loadedAtMs ?? 0);
    const series = afterCrash(entry.quickCrashes, livedMs);
    const { delayMs } = series;
    entry.quickCrashes = series.crashes;
    entry.lastFault = `the process ${backend.pid} died after ${Math.round(livedMs / 1000)} s`;
    entry.state = "waiting-to-restart";
    log.error({ weights: entry.local.name, pid: backend.pid, crashes: entry.crashes, delayMs }, "an engine died; restarting it");
    void beginLoad(entry, delayMs).then(
      () => options.onRestart(entry.local.name),
      (error: unknown) => {
        if (!closing.signal.aborted) log.error({ weights: entry.local.name, err: error }, "the engine could not be restarted");
      },
    );
  }

  /** Forgets the model at once: who asks for it now gets a new entry, whose load waits until this one is gone. */
  async function unload(entry: Entry): Promise<void> {
    const { backend } = entry;
    clearIdle(entry);
    entry.backend = null;
    if (entries.get(entry.local.name) === entry) entries.delete(entry.local.name);
    const closed = backend
      ?.close()
      .catch((error: unknown) => log.warn({ weights: entry.local.name, err: error }, "an engine did not close"));
    lastLoad = Promise.all([lastLoad, closed]).then(() => {});
    await closed;
  }

  function clearIdle(entry: Entry): void {
    if (entry.idleTimer) clearTimeout(entry.idleTimer);
    entry.idleTimer = null;
  }

  function watchIdle(entry: Entry): void {
    clearIdle(entry);
    if (entry.leases > 0 || !entry.backend) return;
    entry.idleTimer = setTimeout(() => {
      if (entry.leases > 0) return;
      log.info({ weights: entry.local.name }, "unloading an idle model");
      void unload(entry);
    }, keepAliveMs);
    entry.idleTimer.unref();
  }

  function newEntry(local: LocalFile): Entry {
    const entry: Entry = {
      local,
      state: "loading",
      backend: null,
      work: null,
      plan: null,
      progress: 0,
      leases: 0,
      loadedAtMs: null,
      lastUsedMs: clock.nowMs(),
      crashes: 0,
      quickCrashes: 0,
      lastFault: null,
      idleTimer: null,
    };
    entries.set(local.name, entry);
    return entry;
  }

  async function findLocal(weights: string): Promise<LocalFile> {
    const local = await files.find(weights);
    if (!local) throw fail("not_found_error", { public: `model: ${weights}` });
    return local;
  }

  async function readyBackend(entry: Entry, signal: AbortSignal): Promise<StartedBackend> {
    const impatient = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      signal.throwIfAborted();
      if (entry.backend) return entry.backend;
      const patience = entry.state === "waiting-to-restart" ? AbortSignal.any([signal, impatient]) : signal;
      try {
        await raceAbort(entry.work ?? beginLoad(entry, 0), patience);
      } catch (error) {
        if (signal.aborted || !impatient.aborted || error !== patience.reason) throw error;
        throw fail("overloaded_error", {
          public: "The model is being restarted. Try again shortly.",
          internal: entry.lastFault ?? "",
          retryAfterSeconds: 10,
        });
      }
    }
  }

  async function acquire(weights: string, signal: AbortSignal): Promise<Lease> {
    signal.throwIfAborted();
    if (closing.signal.aborted) throw shuttingDown();
    let entry = entries.get(weights);
    if (!entry) {
      const local = await findLocal(weights);
      // Another caller may have made it meanwhile. From here to the count nothing waits, so nothing unloads it.
      entry = entries.get(local.name) ?? newEntry(local);
    }
    const model = entry;
    model.leases += 1;
    model.lastUsedMs = clock.nowMs();
    clearIdle(model);
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      model.leases -= 1;
      model.lastUsedMs = clock.nowMs();
      watchIdle(model);
    };
    try {
      return { backend: await readyBackend(model, signal), release };
    } catch (error) {
      release();
      throw closing.signal.aborted && !signal.aborted ? shuttingDown() : error;
    }
  }

  return {
    async list() {
      return Promise.all(
        (await files.list()).map(async ({ name, title, file }) => {
          const facts = await readFacts(file);
          const loaded = entries.get(name)?.backend?.model.contextTokens;
          return {
            weights: name,
            title,
            thinking: options.thinkingOf(facts.chatTemplate),
            contextTokens: loaded ?? Math.min(options.contextTokens ?? facts.contextTokens, facts.contextTokens),
          };
        }),
      );
    },
    acquire,
    async preload(weights, signal) {
      (await acquire(weights, signal)).release();
    },
    async release(weights) {
      const entry = entries.get(weights);
      if (!entry) return "absent";
      if (entry.leases > 0 || entry.work !== null) return "busy";
      log.info({ weights }, "unloading a model that was told to go");
      await unload(entry);
      return "released";
    },
    async plans() {
      const free = await availableBytes();
      return Promise.all(
        (await files.list()).map(async ({ name, file }) => {
          const current = entries.get(name)?.plan;
          if (current) return { weights: name, plan: current };
          const facts = await Promise.all([readFacts(file), readProjector(name)])
            .then(([own, projector]) => withProjector(own, projector))
            .catch(() => null);
          const { slots, contextTokens } = options;
          return { weights: name, plan: facts && planLoad(facts, { slots, contextTokens, availableBytes: free }) };
        }),
      );
    },
    status: () => ({
      models: entries.values().map(toStatus).toArray(),
      plannedBytes: plannedBytes(),
      budgetBytes: options.memoryBudgetBytes,
    }),
    async close(drainMs) {
      closing.abort(new BackendGone("the server is shutting down"));
      const deadlineMs = clock.monotonicMs() + drainMs;
      while (entries.values().some(({ leases, backend }) => leases > 0 && backend) && clock.monotonicMs() < deadlineMs) {
        await delay(POLL_MS, NEVER);
      }
      await Promise.all(
        entries
          .values()
          .toArray()
          .map(async (entry) => {
            await entry.work?.catch(() => {});
            await unload(entry);
          }),
      );
    },
  };

  function toStatus(entry: Entry): ModelStatus {
    const { local, state, backend, plan, progress, leases, loadedAtMs, lastUsedMs, crashes, lastFault } = entry;
    return {
      weights: local.name,
      state,
      kind: backend?.kind ?? null,
      pid: backend?.pid ?? null,
      slots: plan?.demand.slots ?? options.slots,
      contextTokens: backend?.model.contextTokens ?? plan?.demand.contextTokens ?? null,
      plannedBytes: plan?.memory.totalBytes ?? 0,
      loadProgress: state === "ready" ? 1 : progress,
      leases,
      loadedAtMs,
      lastUsedMs,
      crashes,
      lastFault,
    };
  }
}

/** As large as both files together. */
function withProjector(facts: GgufFacts, projector: LocalProjector | null): GgufFacts {
  return projector === null ? facts : { ...facts, fileBytes: facts.fileBytes + projector.bytes };
}

function isResident(entry: Entry): boolean {
  return entry.backend !== null || (entry.plan !== null && entry.work !== null);
}

function shuttingDown() {
  return fail("overloaded_error", { public: "The server is shutting down.", retryAfterSeconds: 5 });
}
