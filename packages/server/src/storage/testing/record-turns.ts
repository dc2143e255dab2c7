import type { Storage } from "../storage.ts";
import { encodeTurnRecord, insertTurnRecords, type TurnRecordRow } from "../turn-records.ts";

/** Puts rows on the ledger as its writer does. */
export function recordTurns(storage: Storage, rows: readonly TurnRecordRow[]): Promise<void> {
  return insertTurnRecords(storage, rows.map(encodeTurnRecord));
}
