import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { fileOf, writeTar, type TarEntry } from "../backup/tar.ts";
import { openBlob, type BlobStore } from "../blobs/index.ts";
import { fileBlobKey } from "../files/file-blob-key.ts";
import type { Clock } from "../platform/clock.ts";
import { skillBlobKey } from "../skills/skill-blob-key.ts";
import { findDataPolicy } from "../storage/data-policies.ts";
import type { Storage } from "../storage/storage.ts";
import {
  type ExportedRow,
  readBatchesOf,
  readFailuresOf,
  readFilesOf,
  readKeysOf,
  readLedgerOf,
  readPromptsOf,
  readPromptVersionsOf,
  readSkillsOf,
  readSkillVersionsOf,
  readUsageOf,
} from "../storage/workspace-export.ts";
import type { WorkspaceRow } from "../storage/workspaces.ts";

export interface ExportDeps {
  readonly storage: Storage;
  readonly blobs: Pick<BlobStore, "get">;
  readonly clock: Clock;
}

/** Rows are cut into files of about this size, because an archive says a file's size before its content. */
const PART_BYTES = 4 * 1024 * 1024;

/**
 * Everything that is kept of a workspace as a gzipped tar, in constant memory: docs/guides/data-retention.md says what is in
 * it. What is deleted meanwhile is left out; `end.json` comes last and counts what is in it.
 */
export function exportWorkspace(deps: ExportDeps, workspace: WorkspaceRow): AsyncIterable<Uint8Array> {
  const gzip = createGzip({ level: 1 });
  // A failure reaches whoever reads.
  pipeline(Readable.from(writeTar(entriesOf(deps, workspace)), { objectMode: false }), gzip).catch(() => {});
  return gzip;
}

async function* entriesOf({ storage, blobs, clock }: ExportDeps, workspace: WorkspaceRow): AsyncGenerator<TarEntry> {
  const exportedAt = new Date(clock.nowMs());
  const counts: Record<string, number> = {};
  const { id } = workspace;
  const count = (what: string, number: number): void => void (counts[what] = (counts[what] ?? 0) + number);

  async function* lines(what: string, pages: AsyncIterable<ExportedRow[]>): AsyncGenerator<TarEntry> {
    let [part, partBytes, number] = [[] as string[], 0, 0];
    count(what, 0);
    const cut = (): TarEntry => {
      const entry = fileOf(`${what}/${String((number += 1)).padStart(6, "0")}.jsonl`, Buffer.from(part.join("")));
      [part, partBytes] = [[], 0];
      return entry;
    };
    for await (const rows of pages) {
      for (const row of rows) {
        part.push(`${JSON.stringify(row)}\n`);
        partBytes += part.at(-1)?.length ?? 0;
      }
      count(what, rows.length);
      if (partBytes >= PART_BYTES) yield cut();
    }
    if (partBytes > 0) yield cut();
  }

  async function* content(what: string, name: string, key: string, sizeBytes: number): AsyncGenerator<TarEntry> {
    const opened = await openBlob(blobs, key);
    if (opened === null) return;
    count(what, 1);
    yield { name, sizeBytes, content: opened };
  }

  yield fileOf(
    "workspace.json",
    json({ format: 1, exported_at: exportedAt, ...workspace, ...(await findDataPolicy(storage, id)) }),
  );
  yield* lines("api_keys", readKeysOf(storage, id));
  yield* lines("ledger", readLedgerOf(storage, id, exportedAt));
  yield* lines("usage_days", readUsageOf(storage, id));
  yield* lines("request_failures", readFailuresOf(storage, id));
  yield* lines("prompts", readPromptsOf(storage, id));
  yield* lines("prompt_versions", readPromptVersionsOf(storage, id));
  yield* lines("files", readFilesOf(storage, id));
  for await (const page of readFilesOf(storage, id)) {
    for (const { id: file, size_bytes: sizeBytes, content_removed_at: removedAt } of page) {
      if (removedAt === null) yield* content("file_contents", `files/${text(file)}`, fileBlobKey(text(file)), Number(sizeBytes));
    }
  }
  yield* lines("skills", readSkillsOf(storage, id));
  yield* lines("skill_versions", readSkillVersionsOf(storage, id));
  for await (const page of readSkillVersionsOf(storage, id)) {
    for (const { id: version, skill_id: skill, size_bytes: sizeBytes } of page) {
      const name = `skills/${text(skill)}/${text(version)}.zip`;
      yield* content("skill_contents", name, skillBlobKey(text(version)), Number(sizeBytes));
    }
  }
  yield* lines("batches", readBatchesOf(storage, id));
  for await (const page of readBatchesOf(storage, id)) {
    for (const { id: batch, results_key: key, results_bytes: sizeBytes } of page) {
      if (key !== null) yield* content("batch_results", `batches/${text(batch)}/results.jsonl`, text(key), Number(sizeBytes));
    }
  }
  yield fileOf("end.json", json(counts));
}

const json = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
const text = (value: unknown): string => (typeof value === "string" ? value : "");
