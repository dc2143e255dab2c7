import { sql } from "drizzle-orm";
import type { Storage } from "../../src/storage/storage.ts";

interface TurnRow extends Record<string, unknown> {
  readonly api_key_id: string;
  readonly message_id: string;
  readonly model: string;
  readonly inference_geo: string;
}

/** Every turn on the ledger, oldest first. */
export async function readTurns(storage: Storage): Promise<readonly TurnRow[]> {
  const { rows } = await storage.run({ operation: "read turns", repeatable: true }, (database) =>
    database.execute<TurnRow>(sql`select api_key_id, message_id, model, inference_geo from turn_records order by sequence`),
  );
  return rows;
}
