import { createHash } from "node:crypto";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { z } from "zod";

/** What stands on this machine for a slot's state that an engine keeps on its own. */
export interface SlotNote {
  readonly fingerprint: string;
  readonly tokens: number;
}

const Sealed = z.strictObject({ note: z.unknown(), seal: z.string() });

/** Writes it whole or not at all; returns its size in bytes. */
export async function writeSlotNote(file: string, note: SlotNote & Readonly<Record<string, unknown>>): Promise<number> {
  const partial = `${file}.partial`;
  try {
    await writeFile(partial, JSON.stringify({ note, seal: sealOf(note) }), { mode: 0o600 });
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return (await stat(file)).size;
}

/** Null: it is none, it was damaged, or it is of another model. */
export async function readSlotNote<T extends SlotNote>(
  file: string,
  schema: z.ZodType<T>,
  fingerprint: string,
): Promise<T | null> {
  try {
    const { note, seal } = Sealed.parse(JSON.parse(await readFile(file, "utf8")));
    const read = schema.parse(note);
    return seal === sealOf(note) && read.fingerprint === fingerprint ? read : null;
  } catch {
    return null;
  }
}

function sealOf(note: unknown): string {
  return createHash("sha256").update(JSON.stringify(note)).digest("hex");
}
