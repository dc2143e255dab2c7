import type { Principal } from "../auth/principal.ts";
import type { Clock } from "../platform/clock.ts";
import type { StorageLog } from "../storage/log.ts";
import {
  deleteFailureMessages,
  deleteRequestFailures,
  findFailureHoarders,
  insertRequestFailures,
  type RequestFailureRow,
  trimRequestFailures,
} from "../storage/request-log.ts";
import type { Storage } from "../storage/storage.ts";

/** A request for a turn that ended without one. */
export interface RequestFailure {
  readonly requestId: string;
  readonly principal: Principal;
  readonly model: string | null;
  readonly status: number;
  readonly type: string;
  /** What the client was told. */
  readonly message: string;
  readonly durationMs: number;
  readonly authMs: number | null;
}

export interface FailureLog extends AsyncDisposable {
  /** Returns at once; what cannot be written is let go. */
  add(failure: RequestFailure): void;
  /** Forgets what its workspace keeps no longer, and all but the newest of one that has very many. */
  sweep(): Promise<void>;
  /** Forgets of a workspace what its clients were told, which may quote what they sent. */
  removeAll(workspaceId: string): Promise<void>;
}

const MAX_BATCH_ROWS = 200;
/** A client that hammers a closed door must not fill the memory: beyond this its failures go uncounted. */
const MAX_WAITING = 2_000;
/** Kept of one workspace; a client in an endless loop writes millions a day. */
const WORKSPACE_ROWS_MAX = 50_000;
const MESSAGE_MAX_CHARACTERS = 500;
const MODEL_MAX_CHARACTERS = 200;

/** Failures for the log of requests, written behind the reply's back: they are for reading, nothing is charged by them. */
export function createFailureLog({
  storage,
  clock,
  log,
  keepsNothing,
  retentionDays,
  workspaceRowsMax = WORKSPACE_ROWS_MAX,
}: {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: StorageLog;
  /** Zero data retention of a workspace. */
  readonly keepsNothing: (workspaceId: string) => Promise<boolean>;
  /** Of workspaces that say nothing else. */
  readonly retentionDays: number;
  readonly workspaceRowsMax?: number;
}): FailureLog {
  const waiting: (RequestFailure & { readonly startedAtMs: number })[] = [];
  let writing: Promise<void> | null = null;

  async function write(): Promise<void> {
    // One turn of the event loop: what fails together is written together.
    await new Promise(setImmediate);
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MAX_BATCH_ROWS);
      try {
        await insertRequestFailures(storage, await Promise.all(batch.map(toRow)));
      } catch (error) {
        log.warn({ err: error, requests: batch.length }, "failed requests could not be logged");
      }
    }
    writing = null;
  }

  async function toRow({ principal, ...failure }: (typeof waiting)[number]): Promise<RequestFailureRow> {
    return {
      requestId: failure.requestId,
      organizationId: principal.organizationId,
      workspaceId: principal.workspaceId,
      apiKeyId: principal.apiKeyId,
      userId: principal.userId ?? null,
      model: failure.model?.replaceAll("\0", "").slice(0, MODEL_MAX_CHARACTERS) ?? null,
      status: failure.status,
      errorType: failure.type,
      errorMessage: (await keepsNothing(principal.workspaceId))
        ? null
        : failure.message.replaceAll("\0", "").slice(0, MESSAGE_MAX_CHARACTERS),
      durationMs: failure.durationMs,
      authMs: failure.authMs,
      startedAt: new Date(failure.startedAtMs),
    };
  }

  return {
    add(failure) {
      if (waiting.length >= MAX_WAITING) return;
      waiting.push({ ...failure, startedAtMs: clock.nowMs() - failure.durationMs });
      writing ??= write();
    },
    async sweep() {
      await deleteRequestFailures(storage, new Date(clock.nowMs()), retentionDays);
      for (const workspaceId of await findFailureHoarders(storage, workspaceRowsMax)) {
        await trimRequestFailures(storage, workspaceId, workspaceRowsMax);
      }
    },
    removeAll: (workspaceId) => deleteFailureMessages(storage, workspaceId),
    async [Symbol.asyncDispose]() {
      await writing;
    },
  };
}
