import { createHash } from "node:crypto";
import { open, readFile, rename, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { GgufFacts } from "./gguf-facts.ts";
import { parseGguf } from "./parse-gguf.ts";

/** Goes up with every change of `GgufFacts` or of how they are read. */
const SIDE_FILE_VERSION = 1;
const SAMPLES = 64;
const SAMPLE_BYTES = 16_384;

interface SideFile {
  readonly version: number;
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly facts: GgufFacts;
}

/**
 * Reads the facts of a local GGUF file. Parsing a vocabulary of 150k tokens takes 470 ms and 80 MB of memory, so the
 * facts are kept in a side file beside the weights (`.NAME.facts.json`), keyed by size and modification time: then 2 ms.
 * Throws an Error with a readable text when the file is missing or is no GGUF of a language model.
 */
export async function readGguf(file: string): Promise<GgufFacts> {
  const { size, mtimeMs } = await stat(file);
  const sidePath = join(dirname(file), `.${basename(file)}.facts.json`);
  const kept = await readSideFile(sidePath);
  if (kept?.version === SIDE_FILE_VERSION && kept.bytes === size && kept.modifiedMs === mtimeMs) return kept.facts;

  // Loaded here and not at the top: a start that finds the side file never pays for the parser.
  const { gguf } = await import("@huggingface/gguf");
  let header;
  try {
    header = await gguf(file, { allowLocalFile: true });
  } catch (cause) {
    throw new Error(`${basename(file)} is no GGUF file that can be read`, { cause });
  }
  // Spread: the library's type is a union over every architecture, which no index signature accepts.
  const metadata: Record<string, unknown> = { ...header.metadata };
  const tensorDataOffset = Number(header.tensorDataOffset);
  const facts = parseGguf({ metadata, tensorDataOffset }, size, await fingerprintFile(file, size));
  const side: SideFile = { version: SIDE_FILE_VERSION, bytes: size, modifiedMs: mtimeMs, facts };
  await writeSideFile(sidePath, side);
  return facts;
}

/**
 * Names the weights without reading all of them: the size, and 64 evenly spread samples (the header and the end among
 * them). Two fine-tunes of one model differ in nearly every block; a full sha256 of a large file would take a minute.
 */
export async function fingerprintFile(file: string, bytes: number): Promise<string> {
  const hash = createHash("sha256").update(`${bytes}:`);
  await using handle = await open(file);
  const step = Math.max(SAMPLE_BYTES, Math.floor((bytes - SAMPLE_BYTES) / (SAMPLES - 1)));
  const buffer = Buffer.alloc(SAMPLE_BYTES);
  for (let position = 0; position < bytes; position += step) {
    const { bytesRead } = await handle.read(buffer, 0, SAMPLE_BYTES, position);
    hash.update(buffer.subarray(0, bytesRead));
  }
  return hash.digest("hex").slice(0, 32);
}

async function readSideFile(path: string): Promise<SideFile | null> {
  try {
    // Written by this module alone, under a version and the weights' size and time.
    return JSON.parse(await readFile(path, "utf8")) as SideFile;
  } catch {
    return null;
  }
}

async function writeSideFile(path: string, side: SideFile): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  try {
    await writeFile(temporary, JSON.stringify(side));
    await rename(temporary, path);
  } catch {
    // A read-only weights folder costs the parse at every start, nothing more.
  }
}
