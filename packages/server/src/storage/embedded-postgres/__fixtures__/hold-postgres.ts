/** Starts the server in the folder given, commits a row, prints the server's pid and waits to be killed. */
import pg from "pg";
import { silentLog as log } from "../../testing/test-storage.ts";
import { startEmbeddedPostgres } from "../embedded-postgres.ts";

const postgres = await startEmbeddedPostgres({ directory: process.argv[2] ?? "", log });
const client = new pg.Client({ ...postgres.connection });
await client.connect();
await client.query("create table kept as select 42 as answer");
process.stdout.write(String(postgres.pid()));
setInterval(() => undefined, 1_000);
