import type { Principal } from "../auth/principal.ts";
import { type BlobOwner, type BlobStore, type ByteRange, isAbsentBlob } from "../blobs/index.ts";
import type { Clock } from "../platform/clock.ts";
import { type Failure, fail } from "../platform/fail.ts";
import { newId } from "../platform/ids.ts";
import { countBatchResults, deleteBatchItems, insertBatchItems } from "../storage/batch-items.ts";
import {
  archiveBatch,
  type BatchCounts,
  type BatchRow,
  cancelBatch,
  countWaitingRequests,
  deleteEndedBatch,
  deleteUnopenedBatch,
  expireBatches,
  findBatch,
  findHiddenBatches,
  findLeftovers,
  findNamedBlobs,
  hideBatches,
  insertBatch,
  openBatch,
  pageBatches,
} from "../storage/batches.ts";
import type { PageOf, PageRequest } from "../storage/select-page.ts";
import type { Storage } from "../storage/storage.ts";
import { notKept } from "../tenancy/not-kept.ts";
import { forgetBatchWork } from "./end-batch.ts";
import { receiveBatch } from "./receive-batch.ts";

/** Source: surface.md E. */
export const BATCH_MAX_BYTES = 256 * 1024 * 1024;
const HOUR_MS = 3_600_000;
const PROCESSING_MS = 24 * HOUR_MS;
const RESULTS_KEPT_MAX_DAYS = 29;
/** Longer than any body may take to come in. */
const ABANDONED_MS = 6 * HOUR_MS;
const BLOB_PREFIX = "batches/";
const SWEEP_BLOBS = 500;
/** When requests of a full queue will be done nobody knows. */
const QUEUE_RETRY_SECONDS = 60;

/** In which dialect the requests of a batch are read. */
export interface BatchProtocol {
  readonly version: string;
  readonly betas: readonly string[];
  readonly isBeta: boolean;
}

/** What clients do with batches. Another workspace's answers like one that never was. */
export interface Batches {
  /** `queueLimit`: how many requests of the organization's batches may wait at once; null: any number. */
  create(
    principal: Principal,
    protocol: BatchProtocol,
    body: AsyncIterable<Buffer>,
    queueLimit?: number | null,
  ): Promise<BatchRow>;
  /** Throws `not_found_error`. */
  get(principal: Principal, id: string): Promise<BatchRow>;
  /** How many of its requests have which result by now. */
  progress(principal: Principal, id: string): Promise<BatchCounts & { readonly processing: number }>;
  page(principal: Principal, request: PageRequest): Promise<PageOf<BatchRow>>;
  /** What runs is finished, what waits is not begun. */
  cancel(principal: Principal, id: string): Promise<BatchRow>;
  /** Throws `invalid_request_error` for one that has not ended. */
  delete(principal: Principal, id: string): Promise<void>;
  /** The JSONL of an ended batch. */
  results(
    principal: Principal,
    id: string,
  ): Promise<{
    readonly sizeBytes: number;
    readonly read: (range?: ByteRange) => AsyncIterable<Uint8Array>;
  }>;
  /** Removes the batches of a workspace, those that run too; what a request of theirs had begun is not billed. */
  removeAll(workspaceId: string): Promise<void>;
  /** Ends what is due, and removes what nobody needs any more. */
  sweep(): Promise<void>;
  readonly blobOwner: BlobOwner;
}

export interface BatchesDeps {
  readonly storage: Storage;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  /** How long results are kept where a workspace says nothing else: see docs/guides/data-retention.md. */
  readonly retentionDays: number;
  /** Tells a worker that there is something to do. */
  readonly wake: () => void;
}

export function createBatches(deps: BatchesDeps): Batches {
  const { storage, blobs, clock, retentionDays, wake } = deps;

  async function get(principal: Principal, id: string): Promise<BatchRow> {
    const batch = await findBatch(storage, principal.workspaceId, id);
    if (!batch) throw fail("not_found_error", { public: `Message Batch not found: ${id.slice(0, 100)}` });
    return batch;
  }

  async function* readResults(principal: Principal, id: string, resultsKey: string, range?: ByteRange) {
    try {
      yield* blobs.get(resultsKey, range);
    } catch (error) {
      if (!isAbsentBlob(error)) throw error;
      // Deleted or archived since it was looked up. Where neither is so the bytes are lost, which is ours to explain.
      if ((await get(principal, id)).resultsKey === null) throw noLongerThere(id);
      throw fail("api_error", { public: "The server's file storage cannot be used.", cause: error });
    }
  }

  async function removeBlobs({ requestsKey, resultsKey }: Pick<BatchRow, "requestsKey" | "resultsKey">): Promise<void> {
    for (const key of [requestsKey, resultsKey]) if (key !== null) await blobs.delete(key);
  }

  async function abandon({ id, requestsKey, resultsKey }: Pick<BatchRow, "id" | "requestsKey" | "resultsKey">): Promise<void> {
    // One that was opened after all, whatever its creator was told, stays.
    if (!(await deleteUnopenedBatch(storage, id))) return;
    // One that was hidden to be removed, by a process that did not come to it, may have both.
    await removeBlobs({ requestsKey, resultsKey });
  }

  return {
    async create(principal, protocol, body, queueLimit = null) {
      // A full queue is said before a long body is read.
      const isFull = queueLimit !== null && (await countWaitingRequests(storage, principal.organizationId)) >= queueLimit;
      if (isFull) throw queueFull(queueLimit);
      const id = newId("msgbatch");
      const requestsKey = `${BLOB_PREFIX}${id}/${newId("blob")}`;
      const row = newRow(id, requestsKey, principal, protocol, new Date(clock.nowMs()));
      await insertBatch(storage, row);
      try {
        const requests = await receiveBatch(body, blobs, requestsKey, (items) => insertBatchItems(storage, id, items));
        // The time counts from when it is whole.
        const nowMs = clock.nowMs();
        const opened = { requests, createdAt: new Date(nowMs), expiresAt: new Date(nowMs + PROCESSING_MS) };
        const outcome = await openBatch(storage, row, opened, queueLimit);
        if (outcome === "full") throw queueFull(queueLimit ?? 0);
        if (outcome === "unwanted") {
          // Whoever emptied the workspace may have taken the row before the last of these came.
          await deleteBatchItems(storage, id);
          await removeBlobs(row);
          throw notKept();
        }
        wake();
        return { ...row, ...opened, status: "in_progress" };
      } catch (error) {
        // Where this fails too, the sweep does it. (A blob that is not whole is gone already.)
        await abandon(row).catch(() => {});
        throw error;
      }
    },

    get,
    async progress(principal, id) {
      const batch = await get(principal, id);
      if (batch.status === "ended") return { ...countsOf(batch), processing: 0 };
      const done = await countBatchResults(storage, id);
      // It may have ended since: then its rows are gone, and the batch itself says it.
      const now = await get(principal, id);
      if (now.status === "ended") return { ...countsOf(now), processing: 0 };
      return { ...done, processing: batch.requests - done.succeeded - done.errored - done.canceled - done.expired };
    },

    page: (principal, request) => pageBatches(storage, principal.workspaceId, request),

    async cancel(principal, id) {
      const isCanceled = await cancelBatch(storage, principal.workspaceId, id, new Date(clock.nowMs()));
      if (isCanceled) wake();
      const batch = await get(principal, id);
      if (!isCanceled && batch.status === "ended") throw refuse(id, "cannot be canceled because it has already ended");
      return batch;
    },

    async delete(principal, id) {
      const batch = await get(principal, id);
      if (!(await deleteEndedBatch(storage, principal.workspaceId, id))) {
        throw refuse(id, "cannot be deleted while it is being processed; cancel it first");
      }
      await deleteBatchItems(storage, id);
      await removeBlobs(batch);
    },

    async results(principal, id) {
      const { status, resultsKey, resultsBytes } = await get(principal, id);
      if (status !== "ended") throw refuse(id, "has no results yet because it has not ended");
      if (resultsKey === null) throw noLongerThere(id);
      return {
        sizeBytes: resultsBytes ?? 0,
        read: (range) => readResults(principal, id, resultsKey, range),
      };
    },

    async removeAll(workspaceId) {
      await hideBatches(storage, workspaceId);
      for (;;) {
        const hidden = await findHiddenBatches(storage, workspaceId, SWEEP_BLOBS);
        for (const batch of hidden) {
          // The row last: as long as it is there somebody knows of the blobs.
          await removeBlobs(batch);
          await deleteUnopenedBatch(storage, batch.id);
        }
        if (hidden.length < SWEEP_BLOBS) return;
      }
    },

    async sweep() {
      const nowMs = clock.nowMs();
      await expireBatches(storage, new Date(nowMs));
      wake();
      const { ended, abandoned, old } = await findLeftovers(storage, {
        now: new Date(nowMs),
        abandoned: new Date(nowMs - ABANDONED_MS),
        defaultDays: retentionDays,
        maxDays: RESULTS_KEPT_MAX_DAYS,
      });
      for (const batch of ended) await forgetBatchWork(deps, batch);
      for (const batch of abandoned) await abandon(batch);
      for (const batch of old) {
        await archiveBatch(storage, batch.id, new Date(nowMs));
        if (batch.resultsKey !== null) await blobs.delete(batch.resultsKey);
      }
    },

    blobOwner: {
      prefix: BLOB_PREFIX,
      async findNamed(names) {
        const keys = await findNamedBlobs(
          storage,
          names.map((name) => `${BLOB_PREFIX}${name}`),
        );
        return new Set([...keys].map((key) => key.slice(BLOB_PREFIX.length)));
      },
    },
  };
}

function countsOf({ succeeded, errored, canceled, expired }: BatchRow): BatchCounts {
  return { succeeded, errored, canceled, expired };
}

function newRow(id: string, requestsKey: string, principal: Principal, protocol: BatchProtocol, now: Date): BatchRow {
  return {
    id,
    requestsKey,
    organizationId: principal.organizationId,
    workspaceId: principal.workspaceId,
    apiKeyId: principal.apiKeyId,
    userId: principal.userId ?? null,
    ...protocol,
    status: "creating",
    createdAt: now,
    expiresAt: new Date(now.getTime() + PROCESSING_MS),
    cancelInitiatedAt: null,
    endedAt: null,
    archivedAt: null,
    resultsKey: null,
    resultsBytes: null,
    requests: 0,
    succeeded: 0,
    errored: 0,
    canceled: 0,
    expired: 0,
  };
}

function noLongerThere(id: string): Failure {
  return fail("not_found_error", { public: `The results of Message Batch ${id} are no longer available.` });
}

function queueFull(queueLimit: number): Failure {
  const shown = new Intl.NumberFormat("en-US").format(queueLimit);
  return fail("rate_limit_error", {
    public:
      `This request would exceed your organization's rate limit of ${shown} batch requests in the processing queue. ` +
      "Please create a smaller batch, or try again later.",
    retryAfterSeconds: QUEUE_RETRY_SECONDS,
  });
}

function refuse(id: string, why: string): Failure {
  return fail("invalid_request_error", { public: `Message Batch ${id} ${why}.` });
}
