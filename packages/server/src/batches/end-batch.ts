import type { BlobStore } from "../blobs/index.ts";
import type { Clock } from "../platform/clock.ts";
import { newId } from "../platform/ids.ts";
import { countBatchResults, deleteBatchItems, listBatchResults } from "../storage/batch-items.ts";
import { endBatch, forgetRequests, type BatchRow } from "../storage/batches.ts";
import type { Storage } from "../storage/storage.ts";

export interface EndBatchDeps {
  readonly storage: Storage;
  readonly blobs: BlobStore;
  readonly clock: Clock;
}

const ROWS_AT_ONCE = 500;

/** Makes the results of a batch whose every request is done one blob, and the batch ended. Several may try at once. */
export async function concludeBatch(deps: EndBatchDeps, batch: BatchRow): Promise<void> {
  const { storage, blobs, clock } = deps;
  const resultsKey = `batches/${batch.id}/${newId("blob")}`;
  const { sizeBytes: resultsBytes } = await blobs.put(resultsKey, resultLines(storage, batch.id));
  const counts = await countBatchResults(storage, batch.id);
  if (await endBatch(storage, batch.id, { ...counts, resultsKey, resultsBytes, endedAt: new Date(clock.nowMs()) })) {
    await forgetBatchWork(deps, batch);
  } else await blobs.delete(resultsKey);
}

/** What an ended batch no longer needs. Safe to repeat; a sweep does where a process died before. */
export async function forgetBatchWork({ storage, blobs }: EndBatchDeps, batch: BatchRow): Promise<void> {
  await deleteBatchItems(storage, batch.id);
  if (batch.requestsKey !== null) await blobs.delete(batch.requestsKey);
  await forgetRequests(storage, batch.id);
}

async function* resultLines(storage: Storage, batchId: string): AsyncGenerator<Uint8Array, void, void> {
  let after = -1;
  for (;;) {
    const rows = await listBatchResults(storage, batchId, after, ROWS_AT_ONCE);
    const last = rows.at(-1);
    if (!last) return;
    after = last.position;
    const lines = rows.map(({ customId, status, result }) => {
      // A result is stored as JSON; one that never came to be has its name only.
      const shown = result ?? JSON.stringify({ type: status });
      return `{"custom_id":${JSON.stringify(customId)},"result":${shown}}\n`;
    });
    yield Buffer.from(lines.join(""));
  }
}
