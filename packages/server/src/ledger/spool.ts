import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { fail, type Failure } from "../platform/fail.ts";
import { isErrno, syncDirectory } from "../platform/durable-file.ts";
import { identifySelf, isAlive } from "../platform/process-identity.ts";
import type { StorageLog } from "../storage/log.ts";
import type { TurnRecordRow } from "../storage/turn-records.ts";
import { formatSpoolLine, parseSpool } from "./spool-format.ts";

/** About 400,000 rows: a database that is away this long is an outage that people know of. */
const MAX_WAITING_BYTES = 256_000_000;
/** Marks a segment whose ledger closed while the database was away: anyone's to replay. */
const LEFT = "left~";

/** Puts rows into the database and says how many of them it refused for good. Throws when it is away. */
type InsertRows = (rows: readonly TurnRecordRow[]) => Promise<{ readonly refused: number }>;

/**
 * Rows that wait on disk for the database. A segment is one file of one process; a new one is begun after each replay and
 * each failed write, so nothing is ever appended behind a torn line.
 */
export interface Spool {
  /** On disk when it resolves. Throws `overloaded_error` when the spool is full or cannot be written. */
  append(rows: readonly TurnRecordRow[]): Promise<void>;
  /** Hands over what waits, segment by segment, and removes each once it is inserted. True when nothing waits any more. */
  replay(insert: InsertRows): Promise<boolean>;
  close(): Promise<void>;
}

export async function openSpool({ directory, log }: { readonly directory: string; readonly log: StorageLog }): Promise<Spool> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const self = identifySelf();
  // The writer's identity is in the name: two servers may share the folder, and only a dead one's rows are anyone's.
  const ownPrefix = `${self.pid}~${encodeURIComponent(self.startedAt)}~${randomBytes(4).toString("hex")}~`;
  let counter = 0;
  let waitingBytes = 0;
  /** Set before its file exists and cleared after it is closed: a replay never touches it. */
  let openPath: string | null = null;
  let openFile: FileHandle | null = null;

  // Appends and the ends of segments take turns; a replay reads only segments that have ended.
  let tail: Promise<unknown> = Promise.resolve();
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = tail.then(work);
    tail = result.catch(() => undefined);
    return result;
  }

  async function append(rows: readonly TurnRecordRow[]): Promise<void> {
    const text = rows.map(formatSpoolLine).join("");
    if (waitingBytes + text.length > MAX_WAITING_BYTES) throw cannotSpool("it is full");
    try {
      openFile ??= await beginSegment();
      await openFile.appendFile(text);
      await openFile.datasync();
      waitingBytes += text.length;
    } catch (error) {
      await endSegment();
      throw cannotSpool(error instanceof Error ? error.message : String(error));
    }
  }

  async function beginSegment(): Promise<FileHandle> {
    openPath = join(directory, `${ownPrefix}${counter++}.spool`);
    const file = await open(openPath, "wx", 0o600);
    await syncDirectory(directory);
    return file;
  }

  async function endSegment(): Promise<void> {
    const file = openFile;
    openFile = null;
    openPath = null;
    await file?.close();
  }

  async function segments(): Promise<string[]> {
    return (await readdir(directory)).filter((name) => name.endsWith(".spool")).toSorted();
  }

  return {
    append: (rows) => inTurn(() => append(rows)),
    async replay(insert) {
      await inTurn(endSegment);
      for (const name of await segments()) {
        const path = join(directory, name);
        if (path === openPath || (!name.startsWith(ownPrefix) && writerLives(name))) continue;
        await replaySegment(path, insert, log);
      }
      if (openPath !== null) return false;
      waitingBytes = 0;
      return true;
    },
    async close() {
      await inTurn(endSegment);
      for (const name of await segments()) {
        if (name.startsWith(ownPrefix)) await rename(join(directory, name), join(directory, `${LEFT}${name}`));
      }
    },
  };
}

async function replaySegment(path: string, insert: InsertRows, log: StorageLog): Promise<void> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    // Another process that replays the same dead writer's rows was faster.
    if (isErrno(error, "ENOENT")) return;
    throw error;
  }
  const { rows, damagedLines } = parseSpool(text);
  const { refused } = await insert(rows);
  if (damagedLines > 0 || refused > 0) {
    log.error(
      { path, damagedLines, refused, rows: rows.length },
      "some spooled ledger rows cannot be used; the file is kept as .kept",
    );
    await rename(path, `${path}.kept`);
    return;
  }
  if (rows.length > 0) log.warn({ rows: rows.length }, "ledger rows that waited on disk are in the database");
  await rm(path, { force: true });
}

function writerLives(name: string): boolean {
  if (name.startsWith(LEFT)) return false;
  const [pid, startedAt] = name.split("~");
  return isAlive({ pid: Number(pid), startedAt: decodeURIComponent(startedAt ?? "") });
}

function cannotSpool(why: string): Failure {
  return fail("overloaded_error", {
    public: "Overloaded",
    internal: `the ledger's spool cannot be written: ${why}`,
    retryAfterSeconds: 1,
  });
}
