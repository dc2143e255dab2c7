import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { createGunzip } from "node:zlib";
import type { BlobStore } from "../blobs/blob-store.ts";
import { fail } from "../platform/fail.ts";
import type { DatabasePlace } from "../storage/backup/connect.ts";
import { writeDatabase, type DatabaseWriter } from "../storage/backup/write-database.ts";
import { createFileOnce } from "../platform/durable-file.ts";
import { BackupEnd, BLOB_PREFIX, END_NAME, Manifest, MANIFEST_NAME, SECRET_NAME, TABLE_PREFIX } from "./manifest.ts";
import { openSecret } from "./seal-secret.ts";
import { readTar, type TarEntry } from "./tar.ts";

const SMALL_MAX_BYTES = 16 * 1024 * 1024;

export interface RestoreOptions {
  readonly file: string;
  readonly database: DatabasePlace;
  readonly blobs: Pick<BlobStore, "list" | "put" | "delete">;
  /** Opens a sealed master secret; null where the backup need not have one. */
  readonly passphrase: string | null;
}

export interface Restored extends BackupEnd {
  /** Whether the master secret came with the backup. */
  readonly hasSecret: boolean;
}

/**
 * Fills an empty place from a backup, in constant memory. Everything is compared with what the backup says of itself before
 * anything counts; what was restored of a backup that does not hold is removed again.
 */
export async function restoreBackup({ file, database, blobs, passphrase }: RestoreOptions): Promise<Restored> {
  await refuseFilledFolder(database);
  for await (const { key } of blobs.list()) {
    throw refuse(`the file store is not empty (it has ${key}): restore into a new one`);
  }
  const undo = new AsyncDisposableStack();
  await using failed = undo;
  if (database.databaseUrl === null) {
    undo.defer(() => rm(join(database.dataDir, "postgres"), { recursive: true, force: true }));
  }
  const restored = await writeDatabase(database, (writer) =>
    fillFrom(readTar(unzip(file)), { writer, blobs, passphrase, dataDir: database.dataDir, undo }),
  );
  failed.move();
  return restored;
}

async function* unzip(file: string): AsyncGenerator<Buffer, void, void> {
  const [packed, plain] = [createReadStream(file), createGunzip()];
  packed.on("error", (error) => plain.destroy(error));
  packed.pipe(plain);
  try {
    for await (const chunk of plain) yield chunk as Buffer;
  } finally {
    packed.destroy();
    plain.destroy();
  }
}

async function fillFrom(
  entries: AsyncGenerator<TarEntry, void, void>,
  options: {
    readonly writer: DatabaseWriter;
    readonly blobs: RestoreOptions["blobs"];
    readonly passphrase: string | null;
    readonly dataDir: string;
    readonly undo: AsyncDisposableStack;
  },
): Promise<Restored> {
  const { writer, blobs, passphrase, dataDir, undo } = options;
  const next = async (): Promise<TarEntry | null> => {
    const result = await entries.next();
    return result.done ? null : result.value;
  };
  const first = await next();
  if (first?.name !== MANIFEST_NAME) throw refuse("this is not a backup of Parley");
  const manifest = Manifest.parse(await json(first));
  await writer.begin(manifest.migrations, manifest.ledgerMonths);
  const columns = new Map(manifest.tables.map((table) => [table.name, table.columns]));
  const found: BackupEnd = { tables: {}, blobs: 0, blobBytes: 0 };
  for (const { name } of manifest.tables) found.tables[name] = { rows: 0, sha256: createHash("sha256").digest("hex") };
  let hasSecret = false;
  let entry = await next();

  /** The content of a table's parts, one after the other. */
  async function* parts(prefix: string, hash: ReturnType<typeof createHash>): AsyncGenerator<Buffer, void, void> {
    for (;;) {
      if (!entry?.name.startsWith(prefix)) return;
      for await (const chunk of entry.content) {
        hash.update(chunk);
        yield chunk;
      }
      entry = await next();
    }
  }

  while (entry !== null && entry.name !== END_NAME) {
    if (entry.name === SECRET_NAME) {
      await restoreSecret(await whole(entry), passphrase, dataDir, undo);
      hasSecret = true;
      entry = await next();
    } else if (entry.name.startsWith(TABLE_PREFIX)) {
      const table = entry.name.slice(TABLE_PREFIX.length).split("/", 1)[0] ?? "";
      const known = columns.get(table);
      if (!known) throw refuse(`the backup has a table ${table} that it does not name`);
      const hash = createHash("sha256");
      const rows = await writer.write(table, known, parts(`${TABLE_PREFIX}${table}/`, hash));
      found.tables[table] = { rows, sha256: hash.digest("hex") };
    } else if (entry.name.startsWith(BLOB_PREFIX)) {
      const key = entry.name.slice(BLOB_PREFIX.length);
      undo.defer(() => blobs.delete(key));
      const { sizeBytes } = await blobs.put(key, entry.content);
      found.blobs += 1;
      found.blobBytes += sizeBytes;
      entry = await next();
    } else throw refuse(`the backup has a file ${entry.name} that this Parley does not know`);
  }
  if (entry === null) throw refuse("the backup is cut off: its end is missing");
  const end = BackupEnd.parse(await json(entry));
  for (const [table, expected] of Object.entries(end.tables)) {
    const actual = found.tables[table];
    if (actual?.rows !== expected.rows || actual.sha256 !== expected.sha256) {
      throw refuse(`the backup is damaged: ${table} has not the rows that it should have`);
    }
  }
  if (end.blobs !== found.blobs || end.blobBytes !== found.blobBytes) throw refuse("the backup is damaged: files are missing");
  await writer.finish(manifest.sequences);
  return { ...found, hasSecret };
}

async function restoreSecret(
  sealed: Buffer,
  passphrase: string | null,
  dataDir: string,
  undo: AsyncDisposableStack,
): Promise<void> {
  if (passphrase === null) throw refuse("the backup holds the master secret: give the passphrase that seals it");
  const secret = openSecret(sealed, passphrase);
  if (!secret) throw refuse("the passphrase does not open the master secret");
  const path = join(dataDir, "secret.key");
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  if (!(await createFileOnce(path, secret.toString("utf8"), 0o600))) {
    throw refuse(`${path} is there already, and the backup brings its own: restore into an empty folder`);
  }
  undo.defer(() => rm(path, { force: true }));
}

async function refuseFilledFolder({ databaseUrl, dataDir }: DatabasePlace): Promise<void> {
  const path = join(dataDir, "postgres");
  if (databaseUrl === null && (await stat(path).catch(() => null))) {
    throw refuse(`${path} is there already: restore into an empty data folder`);
  }
}

async function whole(entry: TarEntry): Promise<Buffer> {
  if (entry.sizeBytes > SMALL_MAX_BYTES) throw refuse(`${entry.name} is too large`);
  return Buffer.concat(await Array.fromAsync(entry.content));
}

async function json(entry: TarEntry): Promise<unknown> {
  return JSON.parse((await whole(entry)).toString("utf8")) as unknown;
}

function refuse(reason: string) {
  return fail("api_error", { public: "The backup cannot be restored", internal: reason });
}
