import { expect, test } from "vitest";
import { readZip } from "./read-zip.ts";
import { makeZip, patchEntries, type ZipEntry } from "./testing/make-zip.ts";

const one = (name: string, over: Partial<ZipEntry> = {}): ZipEntry[] => [{ name: "s/SKILL.md" }, { name, ...over }];
const MEGABYTE = 1024 * 1024;

test("files come out as they went in, folders and all", async () => {
  const archive = await makeZip([
    { name: "s/SKILL.md", content: "text" },
    { name: "s/run.sh", mode: 0o100_755 },
  ]);
  expect(await readZip(archive)).toEqual([
    { path: "s/SKILL.md", content: Buffer.from("text"), isExecutable: false },
    { path: "s/run.sh", content: Buffer.from("x"), isExecutable: true },
  ]);
});

const zeros = Buffer.alloc(4 * MEGABYTE);

test.each<[string, () => Promise<Buffer>, string]>([
  ["an absolute path", () => makeZip(one("/etc/passwd")), "is absolute"],
  ["a way out", () => makeZip(one("s/../../x")), "leads out of its folder"],
  ["a way out in a folder's name", () => makeZip(one("s/../", { content: "" })), "leads out of its folder"],
  ["a backslash", () => makeZip(one("s\\..\\x")), "has a backslash"],
  ["a name that is no UTF-8", () => makeZip(one("s/\xff\xfe")), "the name of entry 2 of the zip archive is not valid UTF-8"],
  ["a symbolic link", () => makeZip(one("s/link", { content: "/etc/passwd", mode: 0o120_777 })), "is a symbolic link"],
  ["a device", () => makeZip(one("s/null", { mode: 0o020_666 })), "is not a regular file"],
  ["a file that says it is a folder", () => makeZip(one("s/a", { mode: 0o040_755 })), "says that it is a folder"],
  [
    "a bomb that says its size",
    () => makeZip(Array.from({ length: 8 }, (_, index) => ({ name: `s/${index}`, content: zeros }))),
    "Skill is too large: all files together may have at most 30 MB.",
  ],
  [
    "a bomb that says another size",
    () => makeZip([{ name: "s/a", content: zeros }], (zip) => patchEntries(zip, (header) => header.writeUInt32LE(10, 24))),
    "The zip archive cannot be read: too many bytes in the stream",
  ],
  [
    "a bomb of entries over each other",
    () =>
      makeZip(
        Array.from({ length: 20 }, (_, index) => ({ name: `s/${index}${index > 9 ? "" : "_"}`, content: zeros })),
        (zip) => patchEntries(zip, (header) => header.writeUInt32LE(0, 42)),
      ),
    "Skill is too large",
  ],
  [
    "too many files",
    () => makeZip(Array.from({ length: 1_001 }, (_, index) => ({ name: `s/${index}` }))),
    "Skill has too many files: at most 1000 are allowed.",
  ],
  [
    "an encrypted file",
    () => makeZip(one("s/a"), (zip) => patchEntries(zip, (header) => header.writeUInt16LE(1, 8))),
    "is encrypted",
  ],
  [
    "a way of packing that few read",
    () => makeZip(one("s/a"), (zip) => patchEntries(zip, (header) => header.writeUInt16LE(14, 10))),
    "is compressed with method 14; store or deflate it",
  ],
  [
    "a checksum that is wrong",
    () => makeZip(one("s/a"), (zip) => patchEntries(zip, (header) => header.writeUInt32LE(1, 16))),
    "in the zip archive is damaged",
  ],
  ["an archive that is cut off", async () => (await makeZip(one("s/a"))).subarray(0, 60), "The zip archive cannot be read"],
])("%s is refused", { tags: "attack-skills" }, async (_what, make, message) => {
  await expect(readZip(await make())).rejects.toThrow(message);
});
