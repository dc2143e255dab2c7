import { sql } from "drizzle-orm";
import type { Storage } from "../storage.ts";

/** Every row of a table as JSON text, to look for what must not be there. */
export async function dumpTable(storage: Storage, table: string): Promise<string> {
  const result = await storage.run({ operation: "dump", repeatable: true }, (database) =>
    database.execute<{ row: string }>(sql`select to_json(t)::text as row from ${sql.identifier(table)} t`),
  );
  return result.rows.map((each) => each.row).join("\n");
}
