import { setTimeout as sleep } from "node:timers/promises";
import { fail } from "../platform/fail.ts";
import type { StorageLog } from "../storage/log.ts";
import { isOutage } from "../storage/outage.ts";
import type { Storage } from "../storage/storage.ts";
import { type EncodedTurnRecord, encodeTurnRecord, insertTurnRecords } from "../storage/turn-records.ts";
import type { Ledger, TurnRecord } from "./ledger.ts";
import { openSpool, type Spool, type SpooledRows } from "./spool.ts";
import { toTurnRecordRow } from "./to-turn-record-row.ts";

const MAX_BATCH_ROWS = 200;
/** Rows that wait in memory for their turn; more is refused rather than held. */
const MAX_QUEUED_ROWS = 20_000;
/** A restart of the embedded server takes less; longer than this and rows wait on disk instead of in memory. */
const INSERT_BUDGET_MS = 1_500;
const INSERT_LIMIT_MS = 2_000;
const REPLAY_BUDGET_MS = 500;
const REPLAY_LIMIT_MS = 5_000;
const MAX_REPLAY_DELAY_MS = 2_000;
/** What a row waits at most for others, where rows come faster than one in this time. */
const BUSY_MS = 1;
/** Between two statements with rows that are on disk already. */
const SAVE_PAUSE_MS = 50;
const CATCH_UP_MS = 1_000;
/** Without a row, until its file is removed. */
const TIDY_AFTER_MS = 500;

export interface DurableLedger extends Ledger, AsyncDisposable {
  /** Rows in memory that are not durable yet. */
  queuedRows(): number;
  /** True while rows go to the disk because the database is away. */
  isSpooling(): boolean;
  /** Writes what is queued and moves what waits on disk, if the database is there. */
  close(): Promise<void>;
}

export interface LedgerDeps {
  readonly storage: Storage;
  /** A folder of its own; rows wait here for the database. */
  readonly spoolDir: string;
  /**
   * Where a row must be before its turn ends. `disk`: synced to `spoolDir`, and in the database a few milliseconds later, many at once;
   * `database` (if left out): committed there, and on disk only while it is away.
   */
  readonly durability?: "database" | "disk";
  readonly log: StorageLog;
}

interface Waiting {
  readonly row: EncodedTurnRecord;
  resolve(): void;
  reject(error: unknown): void;
}

/** Rows that are on disk and on their way to the database. */
interface OnTheWay {
  readonly rows: readonly EncodedTurnRecord[];
  readonly spooled: SpooledRows;
  /** Settled when they are in the database, or left to a replay. */
  readonly handled: PromiseWithResolvers<void>;
}

/**
 * The ledger over the database. Rows that arrive together are committed together. While the database is away they are
 * synced to a file, which is durable too, and moved later: replaying a row twice keeps one. Rows that an earlier process
 * left are moved before this resolves, or as soon as the database is back. See docs/decisions/2026-11-22-ledger-on-disk-first.md.
 */
export async function createLedger({ storage, spoolDir, durability = "database", log }: LedgerDeps): Promise<DurableLedger> {
  const spool = await openSpool({ directory: spoolDir, log });
  const queue: Waiting[] = [];
  let inFlightRows = 0;
  let writing: Promise<void> | null = null;
  /** When the queue was last empty. */
  let writtenAtMs = -Infinity;
  const onTheWay: OnTheWay[] = [];
  /** The last rows that were on their way: those before them are handled no later. */
  let newest: Promise<void> | null = null;
  let saving: Promise<void> | null = null;
  /** Set while rows wait on disk. */
  let replaying: Promise<void> | null = null;
  /** While true new rows go to the disk at once, instead of each waiting for a database that is known to be away. */
  let isAway = false;
  const stopped = new AbortController();

  async function writeQueue(): Promise<void> {
    // Turns that end together share a commit: those of one turn of the event loop and, where commits come one upon another, of a moment.
    await (performance.now() - writtenAtMs < BUSY_MS ? sleep(BUSY_MS) : new Promise(setImmediate));
    while (queue.length > 0) {
      const batch = queue.splice(0, MAX_BATCH_ROWS);
      inFlightRows = batch.length;
      await writeBatch(batch);
      inFlightRows = 0;
    }
    writtenAtMs = performance.now();
    // In one step with the look at the queue: a row that came between the two would wait for the next one.
    writing = null;
  }

  async function writeBatch(batch: readonly Waiting[]): Promise<void> {
    const rows = batch.map((each) => each.row);
    try {
      if (isAway) await spoolRows(rows);
      else if (durability === "database" || !(await keepOnDisk(rows))) await insertOrSpool(rows);
      for (const each of batch) each.resolve();
    } catch (error) {
      // One row that the database refuses must not take its neighbours along.
      if (batch.length > 1 && !isOutage(error)) {
        for (const each of batch) await writeBatch([each]);
        return;
      }
      log.error({ err: error, requestIds: rows.map((row) => row.requestId) }, "ledger rows could not be written");
      for (const each of batch) each.reject(error);
    }
  }

  const insert = (rows: readonly EncodedTurnRecord[]): Promise<void> =>
    within(INSERT_LIMIT_MS, insertTurnRecords(storage, rows, { outageBudgetMs: INSERT_BUDGET_MS }));

  async function insertOrSpool(rows: readonly EncodedTurnRecord[]): Promise<void> {
    try {
      await insert(rows);
    } catch (error) {
      if (!isOutage(error)) throw error;
      log.warn({ err: error }, "the database is away: ledger rows wait on disk");
      await spoolRows(rows);
    }
  }

  /** False: the disk does not take them. */
  async function keepOnDisk(rows: readonly EncodedTurnRecord[]): Promise<boolean> {
    try {
      const handled = Promise.withResolvers<void>();
      onTheWay.push({ rows, spooled: await spool.keep(rows), handled });
      newest = handled.promise;
    } catch (error) {
      log.warn({ err: error }, "ledger rows go to the database at once");
      return false;
    }
    saving ??= save();
    return true;
  }

  /** Puts what is on disk into the database; what it does not take, a replay will. */
  async function save(): Promise<void> {
    while (onTheWay.length > 0) {
      const batch = takeBatch(onTheWay);
      try {
        await insert(batch.flatMap((each) => each.rows));
        for (const each of batch) each.spooled.saved();
      } catch (error) {
        log.warn({ err: error }, "ledger rows wait on disk");
        batch.push(...onTheWay.splice(0));
        isAway = true;
        await spool.abandon().catch((reason: unknown) => log.warn({ err: reason }, "a spool file was not closed"));
        replaying ??= replayUntilEmpty();
      }
      for (const each of batch) each.handled.resolve();
      // A commit costs the database the same for one row and for many; once there are many, nothing is gained by waiting.
      if (onTheWay.length > 0 && countRows(onTheWay) < MAX_BATCH_ROWS) await sleep(SAVE_PAUSE_MS);
    }
    saving = null;
    tidying.refresh();
  }

  // While rows come, their file is kept open: to make one costs more than to write a row.
  const tidying = setTimeout(() => {
    spool.tidy().catch((error: unknown) => log.warn({ err: error }, "a spool file stays"));
  }, TIDY_AFTER_MS).unref();

  async function spoolRows(rows: readonly EncodedTurnRecord[]): Promise<void> {
    isAway = true;
    await spool.append(rows);
    // Also when a replay was running as we began: it may have ended since, without these rows.
    replaying ??= replayUntilEmpty();
  }

  /** Runs from the first spooled row until the disk is empty again. */
  async function replayUntilEmpty(): Promise<void> {
    for (let delayMs = 100; !stopped.signal.aborted; delayMs = Math.min(MAX_REPLAY_DELAY_MS, delayMs * 2)) {
      await sleep(delayMs, undefined, { signal: stopped.signal }).catch(() => undefined);
      if (stopped.signal.aborted) break;
      try {
        const isEmpty = await replay(spool, storage, log);
        // Before the disk is empty: under steady load it would never be.
        isAway = false;
        if (isEmpty) break;
        delayMs = 50;
      } catch (error) {
        log.debug({ err: error }, "the database is still away");
      }
    }
    replaying = null;
  }

  async function close(): Promise<void> {
    stopped.abort();
    clearTimeout(tidying);
    await writing;
    await saving;
    await replaying;
    try {
      await replay(spool, storage, log);
    } catch (error) {
      log.warn({ err: error }, "ledger rows stay on disk until the next start");
    }
    await spool.close();
  }

  try {
    await replay(spool, storage, log);
  } catch (error) {
    if (!isOutage(error)) throw error;
    isAway = true;
    replaying = replayUntilEmpty();
  }

  return {
    record(record: TurnRecord): Promise<void> {
      if (queue.length >= MAX_QUEUED_ROWS) {
        return Promise.reject(
          fail("overloaded_error", { public: "Overloaded", internal: "the ledger's queue is full", retryAfterSeconds: 1 }),
        );
      }
      const row = encodeTurnRecord(toTurnRecordRow(record));
      return new Promise((resolve, reject) => {
        queue.push({ row, resolve, reject });
        writing ??= writeQueue();
      });
    },
    queuedRows: () => queue.length + inFlightRows,
    isSpooling: () => replaying !== null,
    async caughtUp() {
      if (saving === null) return;
      // Not `saving` itself, which lasts as long as rows keep coming.
      const late = new AbortController();
      await Promise.race([newest, sleep(CATCH_UP_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
      late.abort();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Moves what waits on disk. A row that the database refuses is counted and left out, so that the rest can move. */
function replay(spool: Spool, storage: Storage, log: StorageLog): Promise<boolean> {
  const insert = (rows: readonly EncodedTurnRecord[]) =>
    within(REPLAY_LIMIT_MS, insertTurnRecords(storage, rows, { outageBudgetMs: REPLAY_BUDGET_MS }));
  return spool.replay(async (rows) => {
    let refused = 0;
    for (let start = 0; start < rows.length; start += MAX_BATCH_ROWS) {
      const batch = rows.slice(start, start + MAX_BATCH_ROWS);
      try {
        await insert(batch);
      } catch (error) {
        if (isOutage(error)) throw error;
        for (const row of batch) {
          await insert([row]).catch((reason: unknown) => {
            if (isOutage(reason)) throw reason;
            refused += 1;
            log.error({ err: reason, requestId: row.requestId }, "a ledger row was refused by the database");
          });
        }
      }
    }
    return { refused };
  });
}

function countRows(waiting: readonly OnTheWay[]): number {
  return waiting.reduce((sum, { rows }) => sum + rows.length, 0);
}

/** What goes into one statement; at least one. */
function takeBatch(waiting: OnTheWay[]): OnTheWay[] {
  let rows = 0;
  const count = waiting.findIndex((each) => (rows += each.rows.length) > MAX_BATCH_ROWS);
  return waiting.splice(0, count < 0 ? waiting.length : Math.max(1, count));
}

/** A frozen server neither answers nor refuses. What it does later with the rows is harmless: each is kept once. */
function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () =>
        reject(fail("overloaded_error", { public: "Overloaded", internal: `the database did not answer within ${limitMs} ms` })),
      limitMs,
    );
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
