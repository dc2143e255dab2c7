import type { Readable } from "node:stream";
import { type BlobOwner, type BlobStore, isAbsentBlob } from "../blobs/index.ts";
import type { Clock } from "../platform/clock.ts";
import { type Failure, fail } from "../platform/fail.ts";
import { newId } from "../platform/ids.ts";
import {
  deleteFile,
  type FileCursor,
  type FileRow,
  findExpiredFiles,
  findFiles,
  findFilesOf,
  findStoredFiles,
  insertFile,
  listFiles,
  markContentRemoved,
  pageFiles,
  sumStoredBytes,
} from "../storage/files.ts";
import { isOutage } from "../storage/outage.ts";
import type { PageOf, PageRequest } from "../storage/select-page.ts";
import type { Storage } from "../storage/storage.ts";
import { notKept } from "../tenancy/not-kept.ts";
import { FILE_BLOB_PREFIX, fileBlobKey } from "./file-blob-key.ts";
import { decideFileName } from "./file-name.ts";
import { decideFileType } from "./file-type.ts";
import { readUpload } from "./read-upload.ts";

/** Whose files: nothing of one workspace is visible to another, where it answers like a file that never was. */
export interface FileOwner {
  readonly organizationId: string;
  readonly workspaceId: string;
}

export interface Files {
  /** Stores the one file of a multipart form. `announcedBytes`: the form's length where the client told it. */
  upload(
    owner: FileOwner,
    form: { readonly contentType: string | undefined; readonly body: Readable; readonly announcedBytes: number },
  ): Promise<FileRow>;
  /** Stores a file that a tool made, which may be fetched back. */
  add(
    owner: FileOwner,
    file: { readonly filename: string; readonly mimeType: string; readonly content: AsyncIterable<Uint8Array> },
  ): Promise<FileRow>;
  /** Throws `not_found_error`. */
  get(owner: FileOwner, id: string): Promise<FileRow>;
  /** Those that there are, newest first. */
  find(owner: FileOwner, ids: readonly string[]): Promise<FileRow[]>;
  list(owner: FileOwner, limit: number, cursor: FileCursor | null): Promise<FileRow[]>;
  page(owner: FileOwner, request: PageRequest): Promise<PageOf<FileRow>>;
  /** Throws `not_found_error` with `file_expired` for a file whose time is over. */
  assertReadable(file: FileRow): void;
  /** The bytes, after the same check. */
  read(file: FileRow): AsyncIterable<Uint8Array>;
  delete(owner: FileOwner, id: string): Promise<void>;
  /** Removes every file of a workspace. */
  removeAll(workspaceId: string): Promise<void>;
  /** Removes the bytes of expired files. */
  sweep(): Promise<void>;
  readonly blobOwner: BlobOwner;
}

export interface FilesDeps {
  readonly storage: Storage;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  /** What the files of one organization may take together. */
  readonly quotaBytes: number;
}

const SWEEP_ROWS = 500;

export function createFiles({ storage, blobs, clock, quotaBytes }: FilesDeps): Files {
  async function keep(row: FileRow): Promise<FileRow> {
    const inserted = await insertFile(storage, row, quotaBytes);
    switch (inserted.type) {
      case "kept":
        return inserted.row;
      case "quota":
        throw quotaExceeded();
      case "unwanted":
        throw notKept();
      case "too-long":
        throw fail("invalid_request_error", {
          public: `expires_in_seconds: Input should be less than or equal to ${inserted.maxDays * 86_400}: the workspace keeps files for ${inserted.maxDays} days`,
        });
      default:
        inserted satisfies never;
        throw new Error("unknown outcome");
    }
  }

  /** Whatever happens after the first byte is stored: without a row no blob stays. */
  async function withBlob(id: string, work: () => Promise<FileRow>): Promise<FileRow> {
    try {
      return await work();
    } catch (error) {
      // Of a database that went away nobody knows whether it has the row; the sweep decides later, also where this fails.
      if (!isOutage(error)) await blobs.delete(fileBlobKey(id)).catch(() => {});
      throw error;
    }
  }

  async function removeExpired(): Promise<void> {
    for (;;) {
      const ids = await findExpiredFiles(storage, clock.nowMs(), SWEEP_ROWS);
      for (const id of ids) {
        await blobs.delete(fileBlobKey(id));
        await markContentRemoved(storage, id, clock.nowMs());
      }
      if (ids.length < SWEEP_ROWS) return;
    }
  }

  function assertReadable({ id, expiresAt, contentRemovedAt }: FileRow): void {
    const isOver = expiresAt !== null && expiresAt.getTime() <= clock.nowMs();
    if (!isOver && contentRemovedAt === null) return;
    throw fail("not_found_error", { public: `File ${id} has expired.`, details: { error_code: "file_expired" } });
  }

  async function get(owner: FileOwner, id: string): Promise<FileRow> {
    const [row] = await findFiles(storage, owner.workspaceId, [id]);
    if (!row) throw fileNotFound(id);
    return row;
  }

  return {
    async upload(owner, { contentType, body, announcedBytes }) {
      // Before the bytes are taken in, where the form's length leaves no doubt.
      const stored = await sumStoredBytes(storage, owner.organizationId);
      if (stored + announcedBytes - FORM_OVERHEAD_BYTES > quotaBytes) throw quotaExceeded();
      const id = newId("file");
      return withBlob(id, async () => {
        const upload = await readUpload(contentType, body, (content) => blobs.put(fileBlobKey(id), content));
        const mimeType = await decideFileType(upload.declaredType, upload.sample);
        const nowMs = clock.nowMs();
        return keep({
          id,
          organizationId: owner.organizationId,
          workspaceId: owner.workspaceId,
          filename: decideFileName(upload.filename, mimeType),
          mimeType,
          ...upload.facts,
          downloadable: false,
          createdAt: new Date(nowMs),
          expiresAt: upload.expiresInSeconds === null ? null : new Date(nowMs + upload.expiresInSeconds * 1_000),
          contentRemovedAt: null,
        });
      });
    },

    add(owner, { filename, mimeType, content }) {
      const id = newId("file");
      return withBlob(id, async () => {
        const facts = await blobs.put(fileBlobKey(id), content);
        return keep({
          id,
          organizationId: owner.organizationId,
          workspaceId: owner.workspaceId,
          filename: decideFileName(filename, mimeType),
          mimeType,
          ...facts,
          downloadable: true,
          createdAt: new Date(clock.nowMs()),
          expiresAt: null,
          contentRemovedAt: null,
        });
      });
    },

    get,
    find: (owner, ids) => findFiles(storage, owner.workspaceId, ids),
    list: (owner, limit, cursor) => listFiles(storage, owner.workspaceId, limit, cursor),
    page: (owner, request) => pageFiles(storage, owner.workspaceId, request),

    assertReadable,
    async *read(file) {
      assertReadable(file);
      try {
        yield* blobs.get(fileBlobKey(file.id));
      } catch (error) {
        if (!isAbsentBlob(error)) throw error;
        // Deleted since it was looked up, or expired. Where neither is so the bytes are lost, which is ours to explain.
        assertReadable(await get(file, file.id));
        throw fail("api_error", { public: "The server's file storage cannot be used.", cause: error });
      }
    },

    async delete(owner, id) {
      if (!(await deleteFile(storage, owner.workspaceId, id))) throw fileNotFound(id);
      await blobs.delete(fileBlobKey(id));
    },

    async removeAll(workspaceId) {
      for (;;) {
        const ids = await findFilesOf(storage, workspaceId, SWEEP_ROWS);
        for (const id of ids) {
          // Unreadable first, and the row last: as long as it is there somebody knows of the blob.
          await markContentRemoved(storage, id, clock.nowMs());
          await blobs.delete(fileBlobKey(id));
          await deleteFile(storage, workspaceId, id);
        }
        if (ids.length < SWEEP_ROWS) return;
      }
    },

    sweep: removeExpired,
    blobOwner: { prefix: FILE_BLOB_PREFIX, findNamed: (ids) => findStoredFiles(storage, ids) },
  };
}

/** What a form has besides the file, at most. */
const FORM_OVERHEAD_BYTES = 64 * 1024;

export function fileNotFound(id: string): Failure {
  return fail("not_found_error", { public: `File not found: ${id.slice(0, 100)}` });
}

export function quotaExceeded(): Failure {
  return fail("invalid_request_error", {
    public: "Your organization's file storage quota is exhausted. Delete files to free up space, then try again.",
    details: { error_code: "storage_quota_exceeded" },
  });
}
