import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { access, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { openBlob, type BlobStore } from "../blobs/index.ts";
import type { Clock } from "../platform/clock.ts";
import { fail } from "../platform/fail.ts";
import type { DatabasePlace } from "../storage/backup/connect.ts";
import { readDatabase, type DatabaseSnapshot } from "../storage/backup/read-database.ts";
import { syncDirectory } from "../platform/durable-file.ts";
import { BLOB_PREFIX, END_NAME, MANIFEST_NAME, SECRET_NAME, TABLE_PREFIX, type BackupEnd, type Manifest } from "./manifest.ts";
import { sealSecret } from "./seal-secret.ts";
import { fileOf, writeTar, type TarEntry } from "./tar.ts";

/** A table is cut into files of about this size, because an archive says a file's size before its content. */
const PART_BYTES = 4 * 1024 * 1024;

export interface BackupOptions {
  /** Must not be there yet. */
  readonly file: string;
  readonly database: DatabasePlace;
  readonly blobs: Pick<BlobStore, "list" | "get">;
  /** The master secret and what seals it; null leaves it out. */
  readonly secret: { readonly content: Buffer; readonly passphrase: string } | null;
  readonly clock: Clock;
}

/**
 * Writes everything that Parley keeps to one file: the database as it stands at one moment, then the blobs. Runs beside a
 * server under load, in constant memory. The file is there whole or not at all.
 */
export async function createBackup({ file, database, blobs, secret, clock }: BackupOptions): Promise<BackupEnd> {
  if (await exists(file)) throw fail("api_error", { public: "The backup exists", internal: `${file} is there already` });
  const end: BackupEnd = { tables: {}, blobs: 0, blobBytes: 0 };
  const draft = `${file}.partial`;
  try {
    await readDatabase(database, (snapshot) =>
      pipeline(
        writeTar(entriesOf(snapshot, { blobs, secret, clock, end })),
        createGzip({ level: 1 }),
        createWriteStream(draft, { flags: "w", mode: 0o600, flush: true }),
      ),
    );
    await rename(draft, file);
    await syncDirectory(dirname(file));
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return end;
}

async function* entriesOf(
  snapshot: DatabaseSnapshot,
  { blobs, secret, clock, end }: Pick<BackupOptions, "blobs" | "secret" | "clock"> & { readonly end: BackupEnd },
): AsyncGenerator<TarEntry, void, void> {
  const { serverVersion, migrations, tables, sequences, ledgerMonths } = snapshot;
  const manifest: Manifest = {
    format: 1,
    createdAt: new Date(clock.nowMs()).toISOString(),
    serverVersion,
    migrations: [...migrations],
    tables: tables.map(({ name, columns }) => ({ name, columns: [...columns] })),
    sequences: [...sequences],
    ledgerMonths: [...ledgerMonths],
  };
  yield fileOf(MANIFEST_NAME, Buffer.from(JSON.stringify(manifest)));
  if (secret) yield fileOf(SECRET_NAME, sealSecret(secret.content, secret.passphrase));
  for (const { name } of tables) yield* tableEntries(snapshot, name, end);
  // After the database: a blob whose row is in the snapshot is there, unless it was deleted since.
  for await (const { key, sizeBytes } of blobs.list()) {
    const content = await openBlob(blobs, key);
    if (content === null) continue;
    end.blobs += 1;
    end.blobBytes += sizeBytes;
    yield { name: BLOB_PREFIX + key, sizeBytes, content };
  }
  yield fileOf(END_NAME, Buffer.from(JSON.stringify(end)));
}

async function* tableEntries(snapshot: DatabaseSnapshot, table: string, end: BackupEnd): AsyncGenerator<TarEntry, void, void> {
  const hash = createHash("sha256");
  const rows = snapshot.read(table);
  let part: Buffer[] = [];
  let partBytes = 0;
  let number = 0;
  const cut = (): TarEntry => {
    const entry = fileOf(`${TABLE_PREFIX}${table}/${String((number += 1)).padStart(6, "0")}`, Buffer.concat(part));
    part = [];
    partBytes = 0;
    return entry;
  };
  let next = await rows.next();
  while (!next.done) {
    hash.update(next.value);
    part.push(next.value);
    partBytes += next.value.length;
    if (partBytes >= PART_BYTES) yield cut();
    next = await rows.next();
  }
  if (partBytes > 0) yield cut();
  end.tables[table] = { rows: next.value, sha256: hash.digest("hex") };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
