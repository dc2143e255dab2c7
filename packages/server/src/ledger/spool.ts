import { randomBytes } from "node:crypto";
import { fdatasync, writeSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { fail, type Failure } from "../platform/fail.ts";
import { isErrno, syncDirectory } from "../platform/durable-file.ts";
import { identifySelf, isAlive } from "../platform/process-identity.ts";
import type { StorageLog } from "../storage/log.ts";
import type { EncodedTurnRecord } from "../storage/turn-records.ts";
import { formatSpoolLine, parseSpool } from "./spool-format.ts";

const sync = promisify(fdatasync);

/** About 400,000 rows: a database that is away this long is an outage that people know of. */
const MAX_WAITING_BYTES = 256_000_000;
/** A segment that has this much is ended, so that it can be removed once its rows are in the database. */
const SEGMENT_BYTES = 1_000_000;
/** Marks a segment whose ledger closed while the database was away: anyone's to replay. */
const LEFT = "left~";

/** Puts rows into the database and says how many of them it refused for good. Throws when it is away. */
type InsertRows = (rows: readonly EncodedTurnRecord[]) => Promise<{ readonly refused: number }>;

/** Rows on disk whose writer still has them at hand. */
export interface SpooledRows {
  /** They are in the database: the file may go once that is true of all of its rows. */
  saved(): void;
}

/**
 * Rows on disk that are not, or perhaps not, in the database yet. A segment is one file of one process; a new one is begun after
 * each replay and each failed write, so nothing is ever appended behind a torn line.
 */
export interface Spool {
  /** On disk when it resolves, for a replay to find. Throws `overloaded_error` when the spool is full or cannot be written. */
  append(rows: readonly EncodedTurnRecord[]): Promise<void>;
  /** The same for rows that the caller puts into the database itself: no replay touches them until `abandon`. */
  keep(rows: readonly EncodedTurnRecord[]): Promise<SpooledRows>;
  /** Removes the file that rows are kept in, if all of them are saved. */
  tidy(): Promise<void>;
  /** What is kept and not saved is left to the next replay. */
  abandon(): Promise<void>;
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
  /** Of the segment that is being made or written. */
  let openPath: string | null = null;
  /** What rows are appended to. Set before its file exists and cleared after it is closed: a replay never touches it. */
  let current: Segment | null = null;
  /** Those with rows that their writer has at hand, by path. */
  const kept = new Map<string, Segment>();
  /** Whether rows have become a replay's since the last one looked which there are. */
  let isLeft = false;

  // Appends and the ends of segments take turns; a replay reads only segments that have ended.
  let tail: Promise<unknown> = Promise.resolve();
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = tail.then(work);
    tail = result.catch(() => undefined);
    return result;
  }

  async function write(rows: readonly EncodedTurnRecord[], isKept: boolean): Promise<Segment> {
    const text = rows.map(formatSpoolLine).join("");
    if (waitingBytes + text.length > MAX_WAITING_BYTES) throw cannotSpool("it is full");
    if (current !== null && (current.isKept !== isKept || current.bytes >= SEGMENT_BYTES)) await endSegment();
    try {
      current ??= await beginSegment(isKept);
      const segment = current;
      await appendDurably(segment.file.fd, text);
      segment.bytes += text.length;
      waitingBytes += text.length;
      if (isKept) segment.unsavedRows += rows.length;
      return segment;
    } catch (error) {
      await endSegment();
      throw cannotSpool(error instanceof Error ? error.message : String(error));
    }
  }

  async function beginSegment(isKept: boolean): Promise<Segment> {
    const path = join(directory, `${ownPrefix}${counter++}.spool`);
    openPath = path;
    const file = await open(path, "ax", 0o600);
    await syncDirectory(directory);
    const segment: Segment = { path, file, isKept, bytes: 0, unsavedRows: 0, hasEnded: false };
    if (isKept) kept.set(path, segment);
    return segment;
  }

  async function endSegment(): Promise<void> {
    const segment = current;
    current = null;
    openPath = null;
    if (segment === null) return;
    segment.hasEnded = true;
    if (!segment.isKept) isLeft = true;
    await segment.file.close();
    await removeSaved(segment);
  }

  async function removeSaved(segment: Segment): Promise<void> {
    if (!segment.hasEnded || segment.unsavedRows > 0 || !kept.delete(segment.path)) return;
    waitingBytes -= segment.bytes;
    await rm(segment.path, { force: true });
  }

  async function segments(): Promise<string[]> {
    return (await readdir(directory)).filter((name) => name.endsWith(".spool")).toSorted();
  }

  return {
    append: (rows) => inTurn(async () => void (await write(rows, false))),
    keep: (rows) =>
      inTurn(async () => {
        const segment = await write(rows, true);
        return {
          saved() {
            segment.unsavedRows -= rows.length;
            // A file that stays would only be read at the next start, for nothing.
            if (segment.hasEnded)
              void removeSaved(segment).catch((error: unknown) => log.warn({ err: error }, "a spool file stays"));
          },
        };
      }),
    tidy: () =>
      inTurn(async () => {
        if (current?.isKept === true && current.unsavedRows === 0) await endSegment();
      }),
    abandon: () =>
      inTurn(async () => {
        try {
          if (current?.isKept === true) await endSegment();
        } finally {
          kept.clear();
          isLeft = true;
        }
      }),
    async replay(insert) {
      await inTurn(async () => {
        if (current?.isKept === false) await endSegment();
        isLeft = false;
      });
      for (const name of await segments()) {
        const path = join(directory, name);
        if (path === openPath || kept.has(path) || (!name.startsWith(ownPrefix) && writerLives(name))) continue;
        await replaySegment(path, insert, log);
      }
      if (isLeft || current?.isKept === false) return false;
      waitingBytes = [...kept.values()].reduce((sum, { bytes }) => sum + bytes, 0);
      return true;
    },
    async close() {
      await inTurn(endSegment);
      kept.clear();
      for (const name of await segments()) {
        if (name.startsWith(ownPrefix)) await rename(join(directory, name), join(directory, `${LEFT}${name}`));
      }
    },
  };
}

interface Segment {
  readonly path: string;
  readonly file: FileHandle;
  /** Whether its rows' writer has them at hand. */
  readonly isKept: boolean;
  bytes: number;
  /** Of those at hand. */
  unsavedRows: number;
  hasEnded: boolean;
}

/** Written at once, which is a copy into the system's cache, so that only the wait for the disk costs a thread's turn. */
async function appendDurably(fd: number, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
  await sync(fd);
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
  if (rows.length > 0) log.warn({ rows: rows.length }, "ledger rows that were on disk are in the database");
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
