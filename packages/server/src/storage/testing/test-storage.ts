import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { systemClock } from "../../platform/clock.ts";
import type { StorageLog } from "../log.ts";
import { openStorage, type Storage } from "../storage.ts";

export const silentLog: StorageLog = { debug() {}, info() {}, warn() {}, error() {} };

export interface TestDatabase extends AsyncDisposable {
  /** Null for an embedded database. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
}

/**
 * A database of the test's own: an embedded one, or where `PARLEY_TEST_DATABASE_URL` names a server, a new database on it.
 * Removed with everything in it on disposal.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), "parley-db-"));
  const server = process.env["PARLEY_TEST_DATABASE_URL"];
  const drop = server ? await createDatabaseOn(server) : null;
  return {
    databaseUrl: drop?.url ?? null,
    dataDir,
    async [Symbol.asyncDispose]() {
      await drop?.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export type TestStorage = Storage & Pick<TestDatabase, "databaseUrl" | "dataDir">;

export async function openTestStorage(): Promise<TestStorage> {
  const database = await createTestDatabase();
  const storage = await openStorage({ ...database, log: silentLog, clock: systemClock });
  const dispose = async () => {
    await storage.close();
    await database[Symbol.asyncDispose]();
  };
  const { databaseUrl, dataDir } = database;
  return { ...storage, databaseUrl, dataDir, close: dispose, [Symbol.asyncDispose]: dispose };
}

async function createDatabaseOn(server: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `parley_test_${randomBytes(6).toString("hex")}`;
  await onServer(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(server, `drop database if exists ${name} with (force)`) };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
