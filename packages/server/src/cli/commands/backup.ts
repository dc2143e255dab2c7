import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pino } from "pino";
import { createBackup } from "../../backup/create-backup.ts";
import type { BackupEnd } from "../../backup/manifest.ts";
import { restoreBackup } from "../../backup/restore-backup.ts";
import { openBlobStore } from "../../blobs/index.ts";
import { systemClock } from "../../platform/clock.ts";
import { Failure } from "../../platform/fail.ts";
import { createLog } from "../../platform/log.ts";
import { type CliContext, UserError } from "../cli-context.ts";

export interface BackupOptions {
  /** A file with the passphrase; `PARLEY_BACKUP_PASSPHRASE` instead. */
  readonly passphraseFile?: string;
}

const PASSPHRASE_MIN_CHARACTERS = 12;

export async function backup(file: string, options: BackupOptions, context: CliContext): Promise<void> {
  const { config, dataDir } = context;
  const passphrase = await readPassphrase(options);
  await using blobs = await openBlobStore(config.files, dataDir);
  const end = await explained(async () =>
    createBackup({
      file: resolve(file),
      database: placeOf(context),
      blobs,
      secret: passphrase === null ? null : { content: await readFile(join(dataDir, "secret.key")), passphrase },
      clock: systemClock,
    }),
  );
  context.say(`${resolve(file)}: ${describe(end)}.`);
  if (passphrase === null) {
    context.tell(`The master secret is not in it. Keep ${join(dataDir, "secret.key")} too: without it every key is unknown.`);
  }
  context.emit({ file: resolve(file), rows: rowsOf(end), blobs: end.blobs, has_secret: passphrase !== null });
}

export async function restore(file: string, options: BackupOptions, context: CliContext): Promise<void> {
  const { config, dataDir } = context;
  const passphrase = await readPassphrase(options);
  await using blobs = await openBlobStore(config.files, dataDir);
  const restored = await explained(() => restoreBackup({ file: resolve(file), database: placeOf(context), blobs, passphrase }));
  context.say(`Restored ${describe(restored)}. Start it with \`parley up\`.`);
  if (!restored.hasSecret) {
    context.tell(`The backup held no master secret: put the old secret.key into ${dataDir} before the first start.`);
  }
  context.emit({ rows: rowsOf(restored), blobs: restored.blobs, has_secret: restored.hasSecret });
}

function placeOf({ config, dataDir }: CliContext) {
  const log = createLog({ level: "error", destination: pino.destination({ fd: 2, sync: true }) });
  return { databaseUrl: config.database_url, dataDir, log };
}

const rowsOf = (end: BackupEnd): number => Object.values(end.tables).reduce((sum, { rows }) => sum + rows, 0);

function describe(end: BackupEnd): string {
  return `${rowsOf(end)} rows of ${Object.keys(end.tables).length} tables and ${end.blobs} files`;
}

async function readPassphrase({ passphraseFile }: BackupOptions): Promise<string | null> {
  const text =
    passphraseFile === undefined ? process.env["PARLEY_BACKUP_PASSPHRASE"] : (await readFile(passphraseFile, "utf8")).trim();
  if (text === undefined || text === "") return null;
  if (text.length < PASSPHRASE_MIN_CHARACTERS) {
    throw new UserError(`The passphrase must have ${PASSPHRASE_MIN_CHARACTERS} characters at least.`);
  }
  return text;
}

/** What goes wrong here is the operator's to mend, so they are told in full. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure) throw new UserError(error.internal ?? error.publicMessage);
    throw error instanceof Error ? new UserError(error.message) : error;
  }
}
