import { buffer } from "node:stream/consumers";
import yazl from "yazl";

export interface ZipEntry {
  readonly name: string;
  readonly content?: string | Buffer;
  readonly mode?: number;
}

/** An archive of what no library would pack: names are written as placeholders first, then in their own bytes. */
export async function makeZip(entries: readonly ZipEntry[], patch: (archive: Buffer) => void = () => {}): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  const names = entries.map(({ name }, index) => ({ bytes: Buffer.from(name, "latin1"), stand: placeholder(name, index) }));
  for (const [index, { content = "x", mode = 0o100_644 }] of entries.entries()) {
    zip.addBuffer(Buffer.from(content), names[index]!.stand, { mode });
  }
  zip.end();
  const archive = await buffer(zip.outputStream);
  for (const { bytes, stand } of names) {
    for (let at = archive.indexOf(stand); at !== -1; at = archive.indexOf(stand, at + 1)) bytes.copy(archive, at);
  }
  patch(archive);
  return archive;
}

/** Of the same length in bytes, and of its own for each entry; the name itself where the library takes it. */
function placeholder(name: string, index: number): string {
  const isTaken = /^[\w/.-]+$/.test(name) && !/^\/|\/$/.test(name) && !name.split("/").includes("..");
  return isTaken ? name : `${index}`.padEnd(name.length, "_");
}

/** Changes the headers of the central directory, one an entry. */
export function patchEntries(archive: Buffer, patch: (header: Buffer) => void): void {
  const signature = Buffer.from("PK\u0001\u0002");
  for (let at = archive.indexOf(signature); at !== -1; at = archive.indexOf(signature, at + 4)) patch(archive.subarray(at));
}
