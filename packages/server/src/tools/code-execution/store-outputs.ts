import { basename } from "node:path";
import { type ChangedFile, readPlainFile } from "../../containers/find-changes.ts";
import type { FileOwner, Files } from "../../files/create-files.ts";
import { decideFileType, SAMPLE_BYTES, textTypeOf } from "../../files/file-type.ts";
import { Failure } from "../../platform/fail.ts";

export interface StoredOutputs {
  readonly fileIds: readonly string[];
  /** Of what was not stored. */
  readonly notes: readonly string[];
  readonly hasOversizedFile: boolean;
}

const FILES_MAX = 20;
const FILE_MAX_BYTES = 32 * 1024 ** 2;
const NAME_MAX_CHARACTERS = 200;
/** What names of files may not have, and what some systems could not keep. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const FORBIDDEN = /[<>:"|?*\\\u0000-\u001f]/g;

/** Gives the files that a program left to the Files API, where the user fetches them. */
export async function storeOutputs(
  changed: readonly ChangedFile[],
  { folder, owner, files }: { readonly folder: string; readonly owner: FileOwner; readonly files: Pick<Files, "add"> },
): Promise<StoredOutputs> {
  const fileIds: string[] = [];
  const notes: string[] = [];
  let hasOversizedFile = false;
  for (const { path, sizeBytes } of changed.slice(0, FILES_MAX)) {
    const filename = toFilename(path);
    if (sizeBytes > FILE_MAX_BYTES) {
      hasOversizedFile = true;
      notes.push(`${filename} is not given to the user: it is larger than ${FILE_MAX_BYTES / 1024 ** 2} MB.`);
      continue;
    }
    try {
      const mimeType = await typeOf(filename, await readSample(folder, path));
      const { id } = await files.add(owner, { filename, mimeType, content: readPlainFile(folder, path, FILE_MAX_BYTES) });
      fileIds.push(id);
    } catch (error) {
      // What the program printed is not lost for a quota.
      if (!(error instanceof Failure) || error.type !== "invalid_request_error") throw error;
      notes.push(`${filename} is not given to the user: ${error.publicMessage}`);
    }
  }
  if (changed.length > FILES_MAX) {
    notes.push(`Of ${changed.length} files the first ${FILES_MAX} are given to the user: put the others into an archive.`);
  }
  return { fileIds, notes, hasOversizedFile };
}

function toFilename(path: string): string {
  const name = basename(path).toWellFormed().replace(FORBIDDEN, "_");
  return name.length <= NAME_MAX_CHARACTERS ? name : name.slice(-NAME_MAX_CHARACTERS).toWellFormed();
}

async function readSample(folder: string, path: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of readPlainFile(folder, path, Infinity)) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= SAMPLE_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, SAMPLE_BYTES);
}

/** What the bytes are, and for texts what the name says; a name that lies is not believed. */
async function typeOf(filename: string, sample: Uint8Array): Promise<string> {
  const found = await decideFileType("", sample);
  return found === "text/plain" ? textTypeOf(filename) || found : found;
}
