import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../../platform/clock.ts";
import {
  BYTES_PER_TOKEN,
  createMemoryReplayStore,
  DEFAULT_REPLAY_LIMITS,
  type ReplayLimits,
  type ReplayStore,
} from "./replay-store.ts";

export interface FolderReplayStoreOptions {
  /** Made when it is missing. Holds nothing else. */
  readonly folder: string;
  readonly clock: Clock;
  readonly limits?: ReplayLimits;
  /** Told what could not be written or read; nothing else depends on it. */
  readonly onError: (error: unknown) => void;
}

export interface FolderReplayStore extends ReplayStore {
  /** Resolves when all that was put is on disk. */
  flush(): Promise<void>;
}

const SUFFIX = ".tokens";
/** A use is noted on disk at most this often. */
const TOUCH_INTERVAL_MS = 60_000;

/**
 * A store that survives a restart: one file an entry, named by its key, written aside and renamed. The time of its last
 * use is the file's modification time. Tokens are a conversation in another spelling, so only the owner may read them.
 */
export async function openFolderReplayStore(options: FolderReplayStoreOptions): Promise<FolderReplayStore> {
  const { folder, clock, onError } = options;
  const limits = options.limits ?? DEFAULT_REPLAY_LIMITS;
  const memory = createMemoryReplayStore(clock, limits);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = await scan(folder);
  let writes = Promise.resolve();

  const queue = (work: () => Promise<void>): void => {
    writes = writes.then(work).catch(onError);
  };
  const remove = async (key: string): Promise<void> => {
    files.delete(key);
    await rm(join(folder, key + SUFFIX), { force: true });
  };
  async function trim(): Promise<void> {
    let bytes = 0;
    for (const file of files.values()) bytes += file.bytes;
    for (const [key, file] of [...files].toSorted(([, a], [, b]) => a.usedMs - b.usedMs)) {
      if (bytes <= limits.maxBytes && clock.nowMs() - file.usedMs < limits.ttlMs) break;
      bytes -= file.bytes;
      await remove(key);
    }
  }
  async function write(key: string, tokens: readonly number[]): Promise<void> {
    const aside = join(folder, `${key}.${process.pid}.part`);
    const handle = await open(aside, "w", 0o600);
    try {
      await handle.writeFile(Buffer.from(Uint32Array.from(tokens).buffer));
    } finally {
      await handle.close();
    }
    await rename(aside, join(folder, key + SUFFIX));
    await touch(key, tokens.length * BYTES_PER_TOKEN);
    await trim();
  }
  async function touch(key: string, bytes: number): Promise<void> {
    const usedMs = clock.nowMs();
    files.set(key, { bytes, usedMs });
    await utimes(join(folder, key + SUFFIX), usedMs / 1000, usedMs / 1000);
  }
  async function read(key: string): Promise<readonly number[] | null> {
    const file = files.get(key);
    if (file === undefined || clock.nowMs() - file.usedMs >= limits.ttlMs) return null;
    const bytes = await readFile(join(folder, key + SUFFIX));
    if (bytes.length % BYTES_PER_TOKEN !== 0) throw new Error(`a replay file holds ${bytes.length} bytes`);
    return Array.from({ length: bytes.length / BYTES_PER_TOKEN }, (_, index) => bytes.readUInt32LE(index * BYTES_PER_TOKEN));
  }

  queue(trim);
  await writes;
  return {
    async get(key) {
      let tokens = await memory.get(key);
      if (tokens === null) {
        tokens = await read(key).catch((error: unknown) => {
          onError(error);
          files.delete(key);
          return null;
        });
        if (tokens !== null) memory.put(key, tokens);
      }
      const file = files.get(key);
      if (tokens !== null && file !== undefined && clock.nowMs() - file.usedMs >= TOUCH_INTERVAL_MS)
        queue(() => touch(key, file.bytes));
      return tokens;
    },
    put(key, tokens) {
      memory.put(key, tokens);
      const copy = [...tokens];
      queue(() => write(key, copy));
    },
    flush: () => writes,
  };
}

/** The entries that an earlier run left, and removes what it left half written. */
async function scan(folder: string): Promise<Map<string, { readonly bytes: number; readonly usedMs: number }>> {
  const files = new Map<string, { readonly bytes: number; readonly usedMs: number }>();
  for (const name of await readdir(folder)) {
    if (name.endsWith(".part")) await rm(join(folder, name), { force: true });
    if (!name.endsWith(SUFFIX)) continue;
    const { size, mtimeMs } = await stat(join(folder, name));
    files.set(name.slice(0, -SUFFIX.length), { bytes: size, usedMs: mtimeMs });
  }
  return files;
}
