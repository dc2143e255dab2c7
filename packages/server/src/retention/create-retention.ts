import type { Clock } from "../platform/clock.ts";
import { findDataPolicy } from "../storage/data-policies.ts";
import { deletePromptsOf } from "../storage/prompts.ts";
import {
  deleteOldReplies,
  deleteStoredReplies,
  findWorkspacesToEmpty,
  forgetOldFiles,
  limitFileLives,
  noteEmptied,
} from "../storage/retention.ts";
import type { Storage } from "../storage/storage.ts";

export interface Retention {
  /** For workspaces that say nothing else. */
  readonly defaultDays: number;
  /** Removes what its workspace no longer keeps, and everything of workspaces that keep nothing. Safe to repeat. */
  enforce(): Promise<void>;
  /** Removes all content of a workspace. Cut off half-way, it goes on where it is called again. */
  empty(workspaceId: string): Promise<void>;
}

/** A room that stores what workspaces send or get. */
export interface WorkspaceContent {
  /** Everything of the workspace; cut off half-way, it goes on where it is called again. */
  removeAll(workspaceId: string): Promise<void>;
}

/** Longer than any body may take to come in: what was begun before a workspace was told to keep nothing is there by then. */
const SETTLE_MS = 6 * 3_600_000;

export interface RetentionDeps {
  readonly storage: Storage;
  readonly clock: Clock;
  /** Every room that has any. */
  readonly content: readonly WorkspaceContent[];
  readonly defaultDays: number;
}

/**
 * What is under retention, and where it is enforced: docs/guides/data-retention.md. The sweeps of files and batches remove
 * what has expired; this decides what has.
 */
export function createRetention({ storage, clock, content, defaultDays }: RetentionDeps): Retention {
  const rooms: readonly WorkspaceContent[] = [
    { removeAll: (id) => deleteStoredReplies(storage, id) },
    { removeAll: (id) => deletePromptsOf(storage, id) },
    ...content,
  ];

  /** What somebody has asked for, as long as it is asked for: a list may be minutes old when its last workspace is due. */
  async function emptyWhileWanted(workspaceId: string): Promise<void> {
    const beganAt = new Date(clock.nowMs());
    for (const room of rooms) {
      if (!(await findDataPolicy(storage, workspaceId)).zeroDataRetention) return;
      await room.removeAll(workspaceId);
    }
    await noteEmptied(storage, workspaceId, beganAt);
  }

  async function empty(workspaceId: string): Promise<void> {
    const beganAt = new Date(clock.nowMs());
    for (const room of rooms) await room.removeAll(workspaceId);
    await noteEmptied(storage, workspaceId, beganAt);
  }
  return {
    defaultDays,
    async enforce() {
      const now = new Date(clock.nowMs());
      for (const workspaceId of await findWorkspacesToEmpty(storage, SETTLE_MS)) await emptyWhileWanted(workspaceId);
      await limitFileLives(storage);
      await forgetOldFiles(storage, now, defaultDays);
      await deleteOldReplies(storage, now, defaultDays);
    },
    empty,
  };
}
