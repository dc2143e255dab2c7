import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { readSlotNote, writeSlotNote } from "./slot-note.ts";

const Note = z.strictObject({ tokens: z.int(), salt: z.string(), fingerprint: z.string() });
const NOTE = { fingerprint: "model-a", salt: "s", tokens: 12 };
let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-note-"));
  file = join(folder, "note");
});
afterEach(() => rm(folder, { recursive: true }));

test("a note is read as it was written, by the same model alone", async () => {
  const bytes = await writeSlotNote(file, NOTE);
  expect(bytes).toBe((await readFile(file)).length);
  expect(await readdir(folder)).toEqual(["note"]);
  expect(await readSlotNote(file, Note, "model-a")).toEqual(NOTE);
  expect(await readSlotNote(file, Note, "model-b")).toBeNull();
  expect(await readSlotNote(join(folder, "absent"), Note, "model-a")).toBeNull();
});

test("a note of which any byte is changed or missing counts as none", async () => {
  await writeSlotNote(file, NOTE);
  const written = await readFile(file);
  for (let index = 0; index < written.length; index += 1) {
    const changed = Buffer.from(written);
    changed[index] = (changed[index] ?? 0) ^ 1;
    await writeFile(file, changed);
    expect(await readSlotNote(file, Note, "model-a"), `byte ${index}`).toBeNull();
    await writeFile(file, written.subarray(0, index));
    expect(await readSlotNote(file, Note, "model-a"), `cut after ${index}`).toBeNull();
  }
});

test("a note that cannot be written leaves nothing behind", async () => {
  await expect(writeSlotNote(join(folder, "absent", "note"), NOTE)).rejects.toThrow("ENOENT");
  expect(await readdir(folder)).toEqual([]);
});
