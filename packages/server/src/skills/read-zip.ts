import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import yauzl from "yauzl";
import { checkPath } from "./check-path.ts";
import { refuseSkill, shown } from "./refuse-skill.ts";
import type { SkillFile } from "./skill-file.ts";
import { SKILL_MAX_BYTES, SKILL_MAX_FILES, tooLargeText, tooManyText } from "./skill-limits.ts";

const FILE_TYPE_MASK = 0o170_000;
const REGULAR = 0o100_000;
const DIRECTORY = 0o040_000;
const SYMLINK = 0o120_000;
const EXECUTABLE = 0o111;
const STORED = 0;
const DEFLATED = 8;

const openZip = promisify<Buffer, yauzl.Options, yauzl.ZipFile>(yauzl.fromBuffer);

/**
 * The files of an archive that may be hostile: nothing is inflated before every entry's name, kind and size were looked at,
 * and never more than it says. Throws `invalid_request_error`.
 */
export async function readZip(archive: Buffer): Promise<SkillFile[]> {
  // Names are decoded here: the library would read bytes that are not UTF-8 in an old code page, and mend what is hostile.
  const zip = await openZip(archive, { lazyEntries: true, decodeStrings: false, autoClose: false }).catch(refuseArchive);
  if (zip.entryCount > SKILL_MAX_FILES * 2) throw refuseSkill(tooManyText);
  const entries = await listEntries(zip);
  let totalBytes = 0;
  const files = entries.filter(({ isFolder }) => !isFolder);
  if (files.length > SKILL_MAX_FILES) throw refuseSkill(tooManyText);
  for (const { entry } of files) totalBytes += entry.uncompressedSize;
  if (totalBytes > SKILL_MAX_BYTES) throw refuseSkill(tooLargeText);
  const read: SkillFile[] = [];
  for (const { path, entry, mode } of files) {
    read.push({ path, content: await readEntry(zip, path, entry), isExecutable: (mode & EXECUTABLE) !== 0 });
  }
  return read;
}

interface NamedEntry {
  readonly path: string;
  readonly entry: yauzl.Entry;
  readonly mode: number;
  readonly isFolder: boolean;
}

async function listEntries(zip: yauzl.ZipFile): Promise<NamedEntry[]> {
  const entries: NamedEntry[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  zip.on("entry", (entry: yauzl.Entry) => {
    try {
      entries.push(checkEntry(entry, entries.length + 1));
      zip.readEntry();
    } catch (error) {
      reject(error);
    }
  });
  zip.once("end", resolve);
  zip.once("error", reject);
  zip.readEntry();
  await promise.catch(refuseArchive);
  return entries;
}

function checkEntry(entry: yauzl.Entry, number: number): NamedEntry {
  const name = decodeName(entry, number);
  const isFolder = name.endsWith("/");
  const path = isFolder ? name.slice(0, -1) : name;
  checkPath(path);
  const refuse = (why: string) => refuseSkill(`files: '${shown(path)}' in the zip archive ${why}`);
  // The upper half holds what Unix says of a file; archives of other systems have nothing there.
  const mode = entry.externalFileAttributes >>> 16;
  const kind = mode & FILE_TYPE_MASK;
  if (kind === SYMLINK) throw refuse("is a symbolic link");
  if (kind !== 0 && kind !== REGULAR && kind !== DIRECTORY) throw refuse("is not a regular file");
  if (kind === DIRECTORY && !isFolder) throw refuse("says that it is a folder, but is named like a file");
  if (isFolder && entry.uncompressedSize > 0) throw refuse("is named like a folder, but has content");
  if (entry.isEncrypted()) throw refuse("is encrypted");
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) {
    throw refuse(`is compressed with method ${entry.compressionMethod}; store or deflate it`);
  }
  return { path, entry, mode, isFolder };
}

function decodeName(entry: yauzl.Entry, number: number): string {
  // With `decodeStrings` off the library gives bytes, which its types do not say.
  const bytes = entry.fileName as unknown as Buffer;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refuseSkill(`files: the name of entry ${number} of the zip archive is not valid UTF-8`);
  }
}

async function readEntry(zip: yauzl.ZipFile, path: string, entry: yauzl.Entry): Promise<Buffer> {
  const open = promisify<yauzl.Entry, NodeJS.ReadableStream>(zip.openReadStream.bind(zip));
  const chunks: Buffer[] = [];
  // The library ends a stream that grows beyond what the entry says.
  try {
    for await (const chunk of await open(entry)) chunks.push(chunk as Buffer);
  } catch (error) {
    refuseArchive(error);
  }
  const content = Buffer.concat(chunks);
  if (crc32(content) !== entry.crc32) throw refuseSkill(`files: '${shown(path)}' in the zip archive is damaged`);
  return content;
}

function refuseArchive(error: unknown): never {
  if (error instanceof Error && error.name === "Failure") throw error;
  throw refuseSkill(`files: The zip archive cannot be read: ${shown(error instanceof Error ? error.message : "damaged")}`);
}
