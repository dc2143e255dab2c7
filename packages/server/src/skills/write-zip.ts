import yazl from "yazl";
import type { SkillFile } from "./skill-file.ts";

/** The same files give the same archive. */
const MODIFIED = new Date("2020-01-01T00:00:00Z");

/** An archive of a skill's files, all below one folder. */
export function writeZip(folder: string, files: readonly SkillFile[]): AsyncIterable<Buffer> {
  const zip = new yazl.ZipFile();
  for (const { path, content, isExecutable } of files) {
    zip.addBuffer(content, `${folder}/${path}`, { mtime: MODIFIED, mode: isExecutable ? 0o100_755 : 0o100_644 });
  }
  zip.end();
  return zip.outputStream as unknown as AsyncIterable<Buffer>;
}
