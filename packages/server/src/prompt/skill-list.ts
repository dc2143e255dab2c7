import type { TextBlock, TurnSkill } from "../turn/turn.ts";

/** Where programs find the files of skills, each in a folder named like the skill. */
export const SKILLS_FOLDER = "/skills";

/**
 * What the model is told of skills before it opens one: their names and what they are for. The rest is read when it is
 * needed, so that many skills cost little.
 */
export function toSkillList(skills: readonly TurnSkill[]): readonly TextBlock[] {
  if (skills.length === 0) return [];
  const lines = skills.map(({ name, description }) => `- ${name} (${SKILLS_FOLDER}/${name}/SKILL.md): ${description}`);
  const text = [
    "You have skills: folders of instructions and scripts in the sandbox where your code runs, which you can read and not change.",
    "When a task fits the description of one, read its SKILL.md by code first, and then do as it says.",
    "",
    ...lines,
  ].join("\n");
  return [{ type: "text", text }];
}
