import { ANTHROPIC_VERSIONS, type AnthropicVersion } from "@parley/wire";
import { randomUUID } from "node:crypto";
import type { BlobStore } from "../blobs/index.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Clock } from "../platform/clock.ts";
import { fail, type Failure } from "../platform/fail.ts";
import type { StorageLog } from "../storage/log.ts";
import {
  type ClaimedItem,
  claimBatchItems,
  claimSpentItems,
  clearTurnRecord,
  extendLeases,
  findUnrecordedTurns,
  hasOpenItems,
  releaseBatchItem,
  requeueLapsedItems,
  storeBatchResult,
} from "../storage/batch-items.ts";
import { type BatchRow, expireBatches, findOpenBatches } from "../storage/batches.ts";
import type { Storage } from "../storage/storage.ts";
import type { BatchItemRunner } from "./batch-item-runner.ts";
import { concludeBatch } from "./end-batch.ts";
import { formatTurnRecord, parseTurnRecord } from "./turn-record-json.ts";

export interface BatchWorker {
  /** There is something to do. */
  readonly wake: () => void;
  /** Takes nothing new, lets what runs finish for `graceMs`, and gives the rest back. */
  close(graceMs: number): Promise<void>;
}

export interface BatchWorkerDeps {
  readonly storage: Storage;
  readonly blobs: BlobStore;
  readonly ledger: Ledger;
  readonly runItem: BatchItemRunner;
  readonly clock: Clock;
  readonly log: StorageLog;
  /** Requests run at once by this process. */
  readonly concurrency: number;
  readonly times?: Partial<WorkerTimes>;
}

interface WorkerTimes {
  /** How long a process may be silent before its requests are given to others. */
  readonly leaseMs: number;
  /** Between two looks for work of other nodes. */
  readonly idleMs: number;
  /** Before a failed request is tried again, times the number of its attempts. */
  readonly retryMs: number;
}

const TIMES: WorkerTimes = { leaseMs: 60_000, idleMs: 1_000, retryMs: 5_000 };
/** A failure that may pass, or the death of the process, is met so often; then it is the request's result. */
const ATTEMPTS_MAX = 5;
/** Begun so often without an end, a request may be what ends processes and engines: it runs alone, so that it takes no other along. */
const SUSPECT_ATTEMPTS = 3;
/** Requests taken together: neighbours by prefix, of one batch. */
const CLAIM_ITEMS = 16;
const OUTBOX_ROWS = 100;

/**
 * Works on the batches of all workspaces, as every node does. A request is leased, run, and its result stored under the
 * lease; then its turn goes to the ledger, which keeps one row for its request id. Killed between any two of these, it is
 * either run again by another with nothing stored, or only recorded again: one result, one charge.
 * See docs/decisions/2026-11-21-batches.md.
 */
export function startBatchWorker(deps: BatchWorkerDeps): BatchWorker {
  const { storage, blobs, ledger, runItem, clock, log, concurrency } = deps;
  const { leaseMs, idleMs, retryMs } = { ...TIMES, ...deps.times };
  const me = randomUUID();
  /** Nothing new is begun. */
  const closing = new AbortController();
  /** What runs is given up. */
  const stopping = new AbortController();
  const held = new Set<ClaimedItem>();
  const running = new Set<Promise<void>>();
  const batches = new Map<string, BatchRow>();
  let claims = 0;
  let lastBatchId: string | null = null;
  let wakeUp: (() => void) | null = null;
  let isAwake = false;

  async function work(): Promise<void> {
    while (!closing.signal.aborted) {
      const items = await attempt("batches could not be looked for", claimNext, []);
      if (items.length === 0) await idle();
      for (const item of items) {
        const atOnce = item.attempts > SUSPECT_ATTEMPTS ? 1 : concurrency;
        while (running.size >= atOnce) await Promise.race(running);
        if (closing.signal.aborted) break;
        const task: Promise<void> = finish(item).then(() => void running.delete(task));
        running.add(task);
        if (atOnce === 1) await task;
      }
    }
  }

  async function finish(item: ClaimedItem): Promise<void> {
    await attempt("a batch request could not be finished", () => runOne(item), undefined);
    held.delete(item);
  }

  /** The next requests of the batch after the one that was served last, so that a long one holds up no other. */
  async function claimNext(): Promise<readonly ClaimedItem[]> {
    const open = await findOpenBatches(storage);
    const next = open.findIndex(({ id }) => id === lastBatchId) + 1;
    for (const batch of [...open.slice(next), ...open.slice(0, next)]) {
      const isOver = batch.expiresAt.getTime() <= clock.nowMs();
      if (isOver) await expireBatches(storage, new Date(clock.nowMs()));
      const claim = { token: nextToken(), limit: CLAIM_ITEMS, leaseMs, suspectAttempts: SUSPECT_ATTEMPTS };
      const items = batch.status === "in_progress" && !isOver ? await claimBatchItems(storage, batch.id, claim) : [];
      if (items.length > 0) {
        lastBatchId = batch.id;
        batches.set(batch.id, batch);
        for (const item of items) held.add(item);
        return items;
      }
      if (!(await hasOpenItems(storage, batch.id))) {
        batches.delete(batch.id);
        // One that cannot be ended, such as on a full disk, does not keep the others waiting.
        await attempt("a batch could not be ended", () => concludeBatch(deps, batch), undefined);
      }
    }
    return [];
  }

  async function runOne(item: ClaimedItem): Promise<void> {
    const batch = batches.get(item.batchId);
    if (!batch) throw new Error("a request is claimed with its batch");
    const { organizationId, workspaceId, apiKeyId, userId, betas, isBeta } = batch;
    const outcome = await readParams(batch, item)
      .then((params) =>
        runItem(
          {
            principal: { organizationId, workspaceId, apiKeyId, ...(userId === null ? {} : { userId }) },
            requestId: item.requestId,
            params,
            bodyBytes: item.length,
            version: toVersion(batch.version),
            betas,
            isBeta,
          },
          stopping.signal,
        ),
      )
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) log.warn({ err: error, batchId: item.batchId }, "a batch request could not be run");
        return null;
      });
    if (outcome === null) {
      const isStopped = closing.signal.aborted;
      return releaseBatchItem(storage, item, { afterMs: isStopped ? 0 : retryMs, isAttempt: false });
    }
    if (outcome.type === "failed" && item.attempts < ATTEMPTS_MAX)
      return releaseBatchItem(storage, item, { afterMs: retryMs * item.attempts, isAttempt: true });
    const { result, record } =
      outcome.type === "done" ? outcome : { result: toErrored(outcome.failure, item.requestId), record: null };
    const isStored = await storeBatchResult(storage, item, {
      status: result.type === "succeeded" ? "succeeded" : "errored",
      result: JSON.stringify(result),
      turnRecord: record === null ? null : formatTurnRecord(record),
    });
    // Another process has it by now, and its result will count; this one was never told to anybody.
    if (!isStored || record === null) return;
    await ledger.record(record);
    await clearTurnRecord(storage, item);
  }

  async function readParams(batch: BatchRow, item: ClaimedItem): Promise<unknown> {
    const range = { start: item.start, end: item.start + item.length - 1 };
    const bytes = Buffer.concat(await Array.fromAsync(blobs.get(batch.requestsKey ?? "", range)));
    return (JSON.parse(bytes.toString("utf8")) as { params: unknown }).params;
  }

  /** Keeps what is held here, and takes up what others left. */
  async function tend(): Promise<void> {
    await extendLeases(storage, [...held], leaseMs);
    const nowIso = new Date(clock.nowMs()).toISOString();
    const spent = await claimSpentItems(storage, { token: nextToken(), leaseMs, attempts: ATTEMPTS_MAX, nowIso });
    for (const item of spent) {
      log.error(
        { batchId: item.batchId, requestId: item.requestId, attempts: item.attempts },
        "a batch request ended its process",
      );
      const result = JSON.stringify(toErrored(fail("api_error", { public: "Internal server error" }), item.requestId));
      await storeBatchResult(storage, item, { status: "errored", result, turnRecord: null });
    }
    const requeued = await requeueLapsedItems(storage, { nowIso, spentAttempts: ATTEMPTS_MAX });
    for (const { turnRecord, ...item } of await findUnrecordedTurns(storage, OUTBOX_ROWS)) {
      const recordAgain = async (): Promise<void> => {
        await ledger.record(parseTurnRecord(turnRecord));
        await clearTurnRecord(storage, item);
      };
      await attempt("a batch request's turn could not be recorded", recordAgain, undefined);
    }
    if (requeued + spent.length > 0) wake();
  }

  const nextToken = (): string => `${me}-${claims++}`;

  async function attempt<T>(what: string, task: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await task();
    } catch (error) {
      log.warn({ err: error }, what);
      return otherwise;
    }
  }

  function wake(): void {
    isAwake = true;
    wakeUp?.();
  }

  /** Until there may be work: what is done here may end a batch. */
  async function idle(): Promise<void> {
    if (!isAwake) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wakeUp = resolve;
      const timer = setTimeout(resolve, idleMs);
      await Promise.race([promise, ...running]);
      clearTimeout(timer);
      wakeUp = null;
    }
    isAwake = false;
  }

  const tending = setInterval(() => void attempt("batch leases could not be kept", tend, undefined), leaseMs / 3);
  const working = work();

  let closed: Promise<void> | null = null;
  async function close(graceMs: number): Promise<void> {
    closing.abort();
    wake();
    const over = setTimeout(() => stopping.abort(new Error("the batch worker is stopping")), graceMs);
    await working;
    await Promise.all(running);
    clearTimeout(over);
    clearInterval(tending);
    await attempt("batch requests could not be given back", giveBack, undefined);
  }

  async function giveBack(): Promise<void> {
    for (const item of held) await releaseBatchItem(storage, item, { afterMs: 0, isAttempt: false });
  }

  return { wake, close: (graceMs) => (closed ??= close(graceMs)) };
}

function toErrored({ type, publicMessage: message }: Failure, requestId: string) {
  return { type: "errored" as const, error: { type: "error" as const, error: { type, message }, request_id: requestId } };
}

/** As it was accepted at the door. */
function toVersion(version: string): AnthropicVersion {
  return ANTHROPIC_VERSIONS.find((each) => each === version) ?? ANTHROPIC_VERSIONS[0];
}
