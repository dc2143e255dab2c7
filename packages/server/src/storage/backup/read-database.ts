import { escapeIdentifier, type Client } from "pg";
import { listAppliedMigrations, type AppliedMigration } from "../migrate.ts";
import { withDatabase, type DatabasePlace } from "./connect.ts";
import { copyOut } from "./copy-stream.ts";

export interface DumpedSequence {
  readonly name: string;
  readonly lastValue: string;
}

/** The database as it stood at one moment. */
export interface DatabaseSnapshot {
  readonly serverVersion: string;
  readonly migrations: readonly AppliedMigration[];
  /** Partitions are in their parent. */
  readonly tables: readonly { readonly name: string; readonly columns: readonly string[] }[];
  readonly sequences: readonly DumpedSequence[];
  /** The months that the ledger has a partition for, as `2026-11-01`. */
  readonly ledgerMonths: readonly string[];
  /** The rows of a table in PostgreSQL's text format; returns how many. One at a time. */
  read(table: string): AsyncGenerator<Buffer, number, void>;
}

/** Lends a snapshot of every table of ours; what is written meanwhile is not in it, and nobody waits for it. */
export function readDatabase<T>(place: DatabasePlace, work: (snapshot: DatabaseSnapshot) => Promise<T>): Promise<T> {
  return withDatabase(place, async (client) => {
    await client.query("begin isolation level repeatable read read only");
    const tables = await listTables(client);
    const { rows } = await client.query<{ version: string }>("select current_setting('server_version') as version");
    const result = await work({
      serverVersion: rows[0]?.version ?? "",
      migrations: await listAppliedMigrations(client),
      tables,
      sequences: await listSequences(client),
      ledgerMonths: await listLedgerMonths(client),
      read: (table) => {
        const columns =
          tables
            .find((each) => each.name === table)
            ?.columns.map(escapeIdentifier)
            .join(", ") ?? "";
        return copyOut(client, `copy (select ${columns} from ${escapeIdentifier(table)}) to stdout`);
      },
    });
    await client.query("commit");
    return result;
  });
}

/** Tables in an order in which each comes after those that it refers to. */
export async function listTables(client: Client): Promise<{ name: string; columns: string[] }[]> {
  const { rows } = await client.query<{ name: string; columns: string[]; refers_to: string[] }>(`
    select c.relname as name,
      array(select a.attname::text from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum) as columns,
      array(select distinct f.confrelid::regclass::text from pg_constraint f
        where f.conrelid = c.oid and f.contype = 'f' and f.confrelid <> c.oid) as refers_to
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
    order by c.relname`);
  const ordered: typeof rows = [];
  while (ordered.length < rows.length) {
    const names = new Set(ordered.map((table) => table.name));
    const ready = rows.filter((table) => !names.has(table.name) && table.refers_to.every((name) => names.has(name)));
    if (ready.length === 0) throw new Error("tables refer to each other in a circle");
    ordered.push(...ready);
  }
  return ordered.map(({ name, columns }) => ({ name, columns }));
}

async function listSequences(client: Client): Promise<DumpedSequence[]> {
  const { rows } = await client.query<{ name: string; last_value: string }>(
    "select sequencename as name, last_value from pg_sequences where schemaname = 'public' and last_value is not null order by 1",
  );
  return rows.map((row) => ({ name: row.name, lastValue: row.last_value }));
}

async function listLedgerMonths(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ month: string }>(
    `select regexp_replace(c.relname, '^turn_records_y(\\d{4})m(\\d{2})$', '\\1-\\2-01') as month from pg_class c
     where c.relispartition and c.relkind = 'r' and c.relname ~ '^turn_records_y\\d{4}m\\d{2}$' order by 1`,
  );
  return rows.map((row) => row.month);
}
