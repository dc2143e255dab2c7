import type { SkillFile } from "./skill-file.ts";

/** A skill that comes with Parley: `type: "anthropic"` in the API's words, which every workspace may use and none may change. */
export interface BuiltInSkill {
  /** Also its name and its folder. */
  readonly id: string;
  readonly displayName: string;
  readonly description: string;
  readonly version: string;
  readonly createdAt: Date;
  readonly files: readonly SkillFile[];
  /** Where they are on this machine. */
  readonly folder: string;
}
