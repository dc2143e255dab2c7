import { randomUUID } from "node:crypto";
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Clock } from "../../../platform/clock.ts";
import type { CacheTtl } from "../../../turn/turn.ts";

const TTL_MS: Readonly<Record<CacheTtl, number>> = { "5m": 300_000, "1h": 3_600_000 };

/**
 * An old snapshot's entries move to a newer one that contains them only while the newer is not much longer: restoring
 * a long conversation to get a short system prompt back costs more than the disk it saves.
 */
const TAKE_OVER_SLACK_TOKENS = 2048;

const EntrySchema = z.object({
  key: z.string(),
  position: z.int(),
  ttl: z.enum(["5m", "1h"]),
  expiresAtMs: z.number(),
});

const IndexSchema = z.object({
  version: z.literal(1),
  fingerprint: z.string(),
  workspaceId: z.string(),
  tokens: z.int(),
  bytes: z.int(),
  entries: z.array(EntrySchema),
  waypoints: z.array(z.string()).default([]),
});

type Entry = z.infer<typeof EntrySchema>;

interface Snapshot {
  readonly id: string;
  readonly fingerprint: string;
  readonly workspaceId: string;
  readonly tokens: number;
  readonly bytes: number;
  entries: Entry[];
  /** Names of its prefixes at each waypoint. */
  readonly waypoints: readonly string[];
  lastUsedMs: number;
  /** Restores under way: the file must outlive them. */
  readers: number;
  doomed: boolean;
}

/** A lost index write costs a cache miss after the next restart, no more. */
const ignoreIndexFault = (): void => {};

/** A cached prefix that is on disk now. */
export interface CachedPrefix {
  readonly file: string;
  /** The file turned out not to fit: forgets it. */
  forget(): Promise<void>;
  /** Call when the restore is over. */
  done(): void;
}

export interface NewEntry {
  readonly key: string;
  readonly position: number;
  readonly ttl: CacheTtl;
}

export interface SnapshotStore {
  has(key: string): boolean;
  /** Opens the snapshot that holds `key`'s prefix; undefined when it is gone or expired. */
  open(key: string): CachedPrefix | undefined;
  /**
   * Opens the snapshot that shares most with a prompt whose prefixes at each waypoint have these names: `shared` of them, more
   * than `beyond`, whether or not an entry ends there. Undefined when none does. Only for layouts that can be cut.
   */
  openShared(waypoints: readonly string[], beyond: number): (CachedPrefix & { readonly shared: number }) | undefined;
  /** Restarts the entry's lifetime, at the longer of its own and the asked one. */
  refresh(key: string, ttl: CacheTtl): void;
  /**
   * Has `save` write a new file, then makes `entries` readable. `contained` are keys of shorter prefixes of the same
   * tokens: they move here so that their old file can go.
   */
  add(snapshot: {
    readonly workspaceId: string;
    readonly fingerprint: string;
    readonly entries: readonly NewEntry[];
    readonly contained: readonly string[];
    /** Names of its prefixes at each waypoint; none where the layout cannot be cut. */
    readonly waypoints: readonly string[];
    readonly save: (file: string) => Promise<{ readonly tokens: number; readonly bytes: number }>;
  }): Promise<void>;
  /** Whose prefixes are stored. */
  workspaces(): string[];
  /** Drops all that is stored of a workspace. */
  dropWorkspace(workspaceId: string): Promise<void>;
  /** Drops what has expired and what is over the byte budget. Also runs by itself after each `add`. */
  sweep(): Promise<void>;
  status(): { readonly snapshots: number; readonly bytes: number; readonly entries: number };
  /** Waits for index writes under way. */
  flush(): Promise<void>;
}

/**
 * KV snapshots in a folder, one sub-folder each: `state.kv` written by the engine and `index.json`. Survives a restart. Over
 * the byte budget, the workspace that holds most loses its least recently used first, so that no workspace can push
 * the others out.
 */
export async function openSnapshotStore(deps: {
  readonly folder: string;
  readonly budgetBytes: number;
  readonly clock: Clock;
}): Promise<SnapshotStore> {
  await mkdir(deps.folder, { recursive: true, mode: 0o700 });
  const snapshots = new Map<string, Snapshot>();
  const byKey = new Map<string, Snapshot>();
  const writes = new Map<string, Promise<void>>();
  const folderOf = (id: string): string => join(deps.folder, id);
  const stateFile = (id: string): string => join(deps.folder, id, "state.kv");
  const indexFile = (id: string): string => join(deps.folder, id, "index.json");

  /** A folder without a readable index was cut off by a crash or made by another version. */
  async function load(): Promise<void> {
    for (const id of await readdir(deps.folder)) {
      const snapshot = await readIndex(id);
      if (snapshot === undefined) await rm(folderOf(id), { recursive: true, force: true });
      else register(snapshot);
    }
    await sweep();
  }

  async function readIndex(id: string): Promise<Snapshot | undefined> {
    try {
      const index = IndexSchema.parse(JSON.parse(await readFile(indexFile(id), "utf8")));
      await access(stateFile(id));
      return { id, ...index, lastUsedMs: deps.clock.nowMs(), readers: 0, doomed: false };
    } catch {
      return undefined;
    }
  }

  function register(snapshot: Snapshot): void {
    snapshots.set(snapshot.id, snapshot);
    for (const entry of snapshot.entries) byKey.set(entry.key, snapshot);
  }

  function live(key: string): { snapshot: Snapshot; entry: Entry } | undefined {
    const snapshot = byKey.get(key);
    const entry = snapshot?.entries.find((candidate) => candidate.key === key);
    if (snapshot === undefined || entry === undefined) return undefined;
    return entry.expiresAtMs > deps.clock.nowMs() ? { snapshot, entry } : undefined;
  }

  /** Index writes of one snapshot follow each other; the last state wins. */
  function writeIndex(snapshot: Snapshot): Promise<void> {
    const write = async (): Promise<void> => {
      if (!snapshots.has(snapshot.id)) return;
      const { fingerprint, workspaceId, tokens, bytes, entries, waypoints } = snapshot;
      const temporary = `${indexFile(snapshot.id)}.tmp`;
      const text = JSON.stringify({ version: 1, fingerprint, workspaceId, tokens, bytes, entries, waypoints });
      await writeFile(temporary, text, { mode: 0o600 });
      await rename(temporary, indexFile(snapshot.id));
    };
    const next = (writes.get(snapshot.id) ?? Promise.resolve()).then(write, write);
    writes.set(snapshot.id, next);
    const forgetWrite = (): void => {
      if (writes.get(snapshot.id) === next) writes.delete(snapshot.id);
    };
    next.then(forgetWrite, forgetWrite);
    return next;
  }

  async function drop(snapshot: Snapshot): Promise<void> {
    snapshots.delete(snapshot.id);
    for (const entry of snapshot.entries) if (byKey.get(entry.key) === snapshot) byKey.delete(entry.key);
    snapshot.doomed = true;
    if (snapshot.readers > 0) return;
    await removeFiles(snapshot);
  }

  async function removeFiles(snapshot: Snapshot): Promise<void> {
    await writes.get(snapshot.id)?.catch(() => {});
    await rm(folderOf(snapshot.id), { recursive: true, force: true });
  }

  function totalBytes(): number {
    return [...snapshots.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async function sweep(): Promise<void> {
    const nowMs = deps.clock.nowMs();
    for (const snapshot of snapshots.values()) {
      const kept = snapshot.entries.filter((entry) => entry.expiresAtMs > nowMs);
      if (kept.length === snapshot.entries.length && kept.length > 0) continue;
      for (const entry of snapshot.entries) {
        if (entry.expiresAtMs <= nowMs && byKey.get(entry.key) === snapshot) byKey.delete(entry.key);
      }
      snapshot.entries = kept;
      if (kept.length === 0) await drop(snapshot);
      else await writeIndex(snapshot);
    }
    while (totalBytes() > deps.budgetBytes) {
      const victim = leastRecentOfLargestWorkspace();
      if (victim === undefined) return;
      await drop(victim);
    }
  }

  function leastRecentOfLargestWorkspace(): Snapshot | undefined {
    const bytesByWorkspace = new Map<string, number>();
    for (const { workspaceId, bytes } of snapshots.values()) {
      bytesByWorkspace.set(workspaceId, (bytesByWorkspace.get(workspaceId) ?? 0) + bytes);
    }
    const largest = [...bytesByWorkspace].toSorted((a, b) => b[1] - a[1])[0]?.[0];
    return [...snapshots.values()]
      .filter(({ workspaceId }) => workspaceId === largest)
      .toSorted((a, b) => a.lastUsedMs - b.lastUsedMs)[0];
  }

  function lend(snapshot: Snapshot): CachedPrefix {
    snapshot.readers += 1;
    snapshot.lastUsedMs = deps.clock.nowMs();
    return {
      file: stateFile(snapshot.id),
      forget: () => drop(snapshot),
      done: () => {
        snapshot.readers -= 1;
        if (snapshot.doomed && snapshot.readers === 0) void removeFiles(snapshot);
      },
    };
  }

  await load();

  return {
    has: (key) => live(key) !== undefined,

    open(key) {
      const found = live(key);
      return found && lend(found.snapshot);
    },

    openShared(waypoints, beyond) {
      const nowMs = deps.clock.nowMs();
      let best: { readonly snapshot: Snapshot; readonly shared: number } | undefined;
      for (const snapshot of snapshots.values()) {
        if (snapshot.entries.every(({ expiresAtMs }) => expiresAtMs <= nowMs)) continue;
        const shared = commonLength(snapshot.waypoints, waypoints);
        if (shared > (best?.shared ?? beyond)) best = { snapshot, shared };
      }
      return best && { ...lend(best.snapshot), shared: best.shared };
    },

    refresh(key, ttl) {
      const found = live(key);
      if (found === undefined) return;
      found.entry.ttl = found.entry.ttl === "1h" ? "1h" : ttl;
      found.entry.expiresAtMs = deps.clock.nowMs() + TTL_MS[found.entry.ttl];
      found.snapshot.lastUsedMs = deps.clock.nowMs();
      void writeIndex(found.snapshot).catch(ignoreIndexFault);
    },

    async add({ workspaceId, fingerprint, entries, contained, waypoints, save }) {
      const id = randomUUID();
      let saved: { readonly tokens: number; readonly bytes: number };
      try {
        await mkdir(folderOf(id), { mode: 0o700 });
        saved = await save(stateFile(id));
      } catch (error) {
        await rm(folderOf(id), { recursive: true, force: true });
        throw error;
      }
      const nowMs = deps.clock.nowMs();
      const snapshot: Snapshot = {
        id,
        fingerprint,
        workspaceId,
        tokens: saved.tokens,
        bytes: saved.bytes,
        entries: entries.map((entry) => ({ ...entry, expiresAtMs: nowMs + TTL_MS[entry.ttl] })),
        waypoints,
        lastUsedMs: nowMs,
        readers: 0,
        doomed: false,
      };
      const own = new Set(entries.map(({ key }) => key));
      for (const key of [...own, ...contained]) {
        const found = live(key);
        if (found === undefined) continue;
        const worthMoving = snapshot.tokens <= found.entry.position * 1.25 + TAKE_OVER_SLACK_TOKENS;
        if (!own.has(key) && !worthMoving) continue;
        if (!own.has(key)) snapshot.entries.push(found.entry);
        found.snapshot.entries = found.snapshot.entries.filter((entry) => entry.key !== key);
        if (found.snapshot.entries.length === 0) await drop(found.snapshot);
        else void writeIndex(found.snapshot).catch(ignoreIndexFault);
      }
      register(snapshot);
      await writeIndex(snapshot);
      await sweep();
    },

    workspaces: () => [...new Set([...snapshots.values()].map(({ workspaceId }) => workspaceId))],
    async dropWorkspace(workspaceId) {
      for (const snapshot of snapshots.values()) if (snapshot.workspaceId === workspaceId) await drop(snapshot);
    },
    sweep,
    status: () => ({ snapshots: snapshots.size, bytes: totalBytes(), entries: byKey.size }),
    flush: async () => {
      await Promise.all(writes.values());
    },
  };
}

/** How many leading names two lists share. A name covers all before it, so that the last common one decides. */
function commonLength(a: readonly string[], b: readonly string[]): number {
  let [low, high] = [0, Math.min(a.length, b.length)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (a[middle - 1] === b[middle - 1]) low = middle;
    else high = middle - 1;
  }
  return low;
}
