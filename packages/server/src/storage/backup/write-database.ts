import { escapeIdentifier, type Client } from "pg";
import { fail } from "../../platform/fail.ts";
import { migrateAsFarAs, type AppliedMigration } from "../migrate.ts";
import { withDatabase, type DatabasePlace } from "./connect.ts";
import { copyIn } from "./copy-stream.ts";
import { listTables, type DumpedSequence } from "./read-database.ts";

/** A database that is being filled. Nothing of it counts until everything is there. */
export interface DatabaseWriter {
  /** Makes the tables as they were. First of all, and once. */
  begin(migrations: readonly AppliedMigration[], months: readonly string[]): Promise<void>;
  /** Tables in the order of the backup. Returns the number of rows. */
  write(table: string, columns: readonly string[], content: AsyncIterable<Uint8Array>): Promise<number>;
  finish(sequences: readonly DumpedSequence[]): Promise<void>;
}

/** Lends a database without any table for filling. Throws where there is anything in it. */
export function writeDatabase<T>(place: DatabasePlace, work: (writer: DatabaseWriter) => Promise<T>): Promise<T> {
  return withDatabase(place, async (client) => {
    await refuseFilled(client);
    return work({
      async begin(migrations, months) {
        await migrateAsFarAs(client, migrations);
        await client.query("begin");
        for (const { name } of await listTables(client)) {
          // A migration may have put a first row; tables that refuse a deletion have none.
          const found = await client.query(`select from ${escapeIdentifier(name)} limit 1`);
          if (found.rowCount) await client.query(`delete from ${escapeIdentifier(name)}`);
        }
        for (const month of months) await client.query("select ensure_turn_partition($1::timestamp)", [month]);
      },
      write: (table, columns, content) =>
        copyIn(client, `copy ${escapeIdentifier(table)} (${columns.map(escapeIdentifier).join(", ")}) from stdin`, content),
      async finish(sequences) {
        for (const { name, lastValue } of sequences) {
          await client.query("select setval($1::regclass, $2::bigint)", [escapeIdentifier(name), lastValue]);
        }
        await client.query("commit");
        await client.query("analyze");
      },
    });
  });
}

async function refuseFilled(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and c.relkind in ('r', 'p') limit 1`,
  );
  const [table] = rows;
  if (!table) return;
  throw fail("api_error", {
    public: "The database is not empty",
    internal: `the database is not empty (it has the table ${table.name}): restore into a new one`,
  });
}
