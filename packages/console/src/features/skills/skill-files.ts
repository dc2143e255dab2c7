import type { SkillFile } from "../../api/skills.ts";

/** What somebody chose to upload, as it is called to them. */
export interface ChosenSkill {
  readonly name: string;
  readonly files: readonly SkillFile[];
  readonly bytes: number;
}

/** What systems leave in folders; nobody means it to be a part of a skill. */
const LITTER: ReadonlySet<string> = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);

/** Of a folder with its paths, or of one archive. Null: there was nothing in it. */
export function toChosenSkill(list: FileList | null): ChosenSkill | null {
  const files = [...(list ?? [])]
    .filter((file) => !LITTER.has(file.name))
    // Only what comes of a folder has a path.
    .map((file): SkillFile => ({ path: file.webkitRelativePath === "" ? file.name : file.webkitRelativePath, file }));
  const [first] = files;
  if (!first) return null;
  return {
    name: first.path.split("/")[0] ?? first.path,
    files,
    bytes: files.reduce((total, { file }) => total + file.size, 0),
  };
}
