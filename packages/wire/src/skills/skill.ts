import { z } from "zod";

/** Source: surface.md F and the SDK's types. */
export const SkillSourceType = z.enum(["custom", "anthropic", "anthropic_example", "plugin"]);

const skillFields = {
  id: z.string(),
  type: z.literal("skill"),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
};

export const Skill = z
  .strictObject({
    ...skillFields,
    display_name: z.string(),
    latest_version_id: z.string(),
    source: z.strictObject({ type: SkillSourceType }),
  })
  .meta({ id: "Skill" });

/** As clients of the beta `skills-2025-10-02` know it. */
export const LegacySkill = z
  .strictObject({
    ...skillFields,
    display_title: z.string().nullable(),
    latest_version: z.string().nullable(),
    source: SkillSourceType,
  })
  .meta({ id: "LegacySkill" });

const versionFields = {
  id: z.string(),
  type: z.literal("skill_version"),
  skill_id: z.string(),
  name: z.string(),
  description: z.string(),
  created_at: z.iso.datetime(),
};

export const SkillVersion = z.strictObject(versionFields).meta({ id: "SkillVersion" });

export const LegacySkillVersion = z
  .strictObject({ ...versionFields, directory: z.string(), version: z.string() })
  .meta({ id: "LegacySkillVersion" });

const next = { next_page: z.string().nullable() };
const legacyNext = { has_more: z.boolean(), ...next };

export const SkillPage = z.strictObject({ data: z.array(Skill), ...next }).meta({ id: "SkillPage" });
export const LegacySkillPage = z.strictObject({ data: z.array(LegacySkill), ...legacyNext }).meta({ id: "LegacySkillPage" });
export const SkillVersionPage = z.strictObject({ data: z.array(SkillVersion), ...next }).meta({ id: "SkillVersionPage" });
export const LegacySkillVersionPage = z
  .strictObject({ data: z.array(LegacySkillVersion), ...legacyNext })
  .meta({ id: "LegacySkillVersionPage" });

export const DeletedSkill = z.strictObject({ id: z.string(), type: z.literal("skill_deleted") }).meta({ id: "DeletedSkill" });

/** Clients of the beta get the version's number for an id. */
export const DeletedSkillVersion = z
  .strictObject({ id: z.string(), type: z.literal("skill_version_deleted") })
  .meta({ id: "DeletedSkillVersion" });

export type Skill = z.infer<typeof Skill>;
export type LegacySkill = z.infer<typeof LegacySkill>;
export type SkillVersion = z.infer<typeof SkillVersion>;
export type LegacySkillVersion = z.infer<typeof LegacySkillVersion>;
export type SkillPage = z.infer<typeof SkillPage>;
export type LegacySkillPage = z.infer<typeof LegacySkillPage>;
export type SkillVersionPage = z.infer<typeof SkillVersionPage>;
export type LegacySkillVersionPage = z.infer<typeof LegacySkillVersionPage>;
export type DeletedSkill = z.infer<typeof DeletedSkill>;
export type DeletedSkillVersion = z.infer<typeof DeletedSkillVersion>;
