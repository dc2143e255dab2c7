import { LegacySkill, LegacySkillVersion, Skill, SkillVersion } from "@parley/wire";
import { NO_API_KEY } from "../../auth/principal.ts";
import { fail } from "../../platform/fail.ts";
import type { SkillActor } from "../../skills/create-skills.ts";
import type { SkillRecord, SkillVersionRecord } from "../../skills/skill-records.ts";
import type { EndpointRequest, WorkspaceRequest } from "../define-endpoint.ts";

/** Clients that send it know the shapes from before general availability. Source: surface.md 0. */
const LEGACY_BETA = "skills-2025-10-02";

/** Source: surface.md E. */
export const SKILL_PAGE_LIMITS = { default: 20, max: 100 };

export const SkillReply = Skill.or(LegacySkill);
export const SkillVersionReply = SkillVersion.or(LegacySkillVersion);

export function wantsLegacySkills({ betas }: Pick<EndpointRequest, "betas">): boolean {
  return betas.includes(LEGACY_BETA);
}

export function toSkill({ id, source, name, displayName, latest, createdAt, updatedAt }: SkillRecord): Skill {
  // Its readers are kept from skills without versions.
  if (latest === null) throw fail("api_error", { public: "Internal server error", internal: `${id} has no version` });
  return {
    id,
    type: "skill",
    display_name: displayName ?? name,
    latest_version_id: latest.id,
    source: { type: source },
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
}

export function toLegacySkill({ id, source, displayName, latest, createdAt, updatedAt }: SkillRecord): LegacySkill {
  return {
    id,
    type: "skill",
    display_title: displayName,
    latest_version: latest?.version ?? null,
    source,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
}

export function toSkillVersion({ id, skillId, name, description, createdAt }: SkillVersionRecord): SkillVersion {
  return { id, type: "skill_version", skill_id: skillId, name, description, created_at: createdAt.toISOString() };
}

export function toLegacySkillVersion(record: SkillVersionRecord): LegacySkillVersion {
  return { ...toSkillVersion(record), directory: record.name, version: record.version };
}

/** One skill in the shape that the client knows. */
export function toSkillReply(record: SkillRecord, request: Pick<EndpointRequest, "betas">): Skill | LegacySkill {
  return wantsLegacySkills(request) ? toLegacySkill(record) : toSkill(record);
}

export function toSkillVersionReply(
  record: SkillVersionRecord,
  request: Pick<EndpointRequest, "betas">,
): SkillVersion | LegacySkillVersion {
  return wantsLegacySkills(request) ? toLegacySkillVersion(record) : toSkillVersion(record);
}

/** The caller as the audit log knows them. */
export function toSkillActor({ principal, requestId }: Pick<WorkspaceRequest, "principal" | "requestId">): SkillActor {
  const { organizationId, workspaceId, apiKeyId, userId } = principal;
  const isPerson = apiKeyId === NO_API_KEY && userId !== undefined;
  const actor = isPerson ? { type: "user" as const, id: userId } : { type: "api_key" as const, id: apiKeyId };
  return { organizationId, workspaceId, actor, requestId };
}
