import { sql } from "drizzle-orm";
import type { Storage } from "../storage.ts";

/** Replaces the wall clock that the database's buckets go by. */
export async function setLimitWallClock(storage: Storage, atMs: number): Promise<void> {
  await storage.run({ operation: "set the test's clock", repeatable: true }, (database) =>
    database.execute(
      sql.raw(
        `create or replace function limit_wall_ms() returns bigint language sql volatile as 'select ${Math.trunc(atMs)}::bigint'`,
      ),
    ),
  );
}
