import { checkPath } from "./check-path.ts";
import { checkName, readSkillMd } from "./read-skill-md.ts";
import { refuseSkill, shown } from "./refuse-skill.ts";
import type { SkillFile } from "./skill-file.ts";

/** A skill as it was uploaded, checked. */
export interface UploadedSkill {
  readonly name: string;
  readonly description: string;
  /** Below the folder, which is named like the skill. */
  readonly files: readonly SkillFile[];
}

const SKILL_MD = "SKILL.md";

/** Makes a skill of files with their top-level folder. Throws `invalid_request_error`. */
export function assembleSkill(given: readonly SkillFile[]): UploadedSkill {
  const taken = new Set<string>();
  for (const { path } of given) {
    checkPath(path);
    // One name in two spellings is one file on some systems.
    const name = path.normalize("NFC");
    if (taken.has(name)) throw refuseSkill(`files: the path '${shown(path)}' is there twice`);
    taken.add(name);
  }
  for (const path of taken) {
    for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
      const folder = path.slice(0, end);
      if (taken.has(folder)) throw refuseSkill(`files: the path '${shown(folder)}' is a file and a folder`);
    }
  }
  const folders = new Set([...taken].map((path) => path.split("/")[0] ?? ""));
  const [folder = ""] = folders;
  // In the platform's words.
  const skillMd = given.find(({ path }) => path === `${folder}/${SKILL_MD}`);
  if (folders.size > 1 && ![...taken].includes(SKILL_MD)) {
    throw refuseSkill(`All files must be in the same top-level folder; there are ${folders.size}.`);
  }
  if (folders.size > 1 || skillMd === undefined) throw refuseSkill("SKILL.md file must be exactly in the top-level folder.");
  const { name: ownName, description } = readSkillMd(skillMd.content);
  const name = ownName ?? checkName(folder);
  if (name !== folder) {
    throw refuseSkill(`The folder name '${shown(folder)}' must match the skill name '${name}' in SKILL.md.`);
  }
  return { name, description, files: given.map((file) => ({ ...file, path: file.path.slice(folder.length + 1) })) };
}
