import type { TurnRecord } from "../ledger/ledger.ts";

/** JSON has no integers of this size. */
const BIGINT_KEY = "$bigint";

export function formatTurnRecord(record: TurnRecord): string {
  return JSON.stringify(record, (_key, value: unknown) => (typeof value === "bigint" ? { [BIGINT_KEY]: String(value) } : value));
}

/** What `formatTurnRecord` wrote; nobody else writes such text. */
export function parseTurnRecord(json: string): TurnRecord {
  return JSON.parse(json, (_key, value: unknown) =>
    typeof value === "object" && value !== null && BIGINT_KEY in value ? BigInt(String(value[BIGINT_KEY])) : value,
  ) as TurnRecord;
}
