import { LegacySkillPage, SkillPage, SkillSourceType } from "@parley/wire";
import { z } from "zod";
import type { SkillListCursor } from "../../skills/create-skills.ts";
import type { SkillRecord } from "../../skills/skill-records.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { queryChoice } from "../shared/admin-request.ts";
import { CURSOR_QUERY, encodeCursor, parseCursorQuery } from "../shared/page-query.ts";
import { SKILL_PAGE_LIMITS, toLegacySkill, toSkill, wantsLegacySkills } from "../shared/skill-reply.ts";

const Cursor: z.ZodType<SkillListCursor> = z.union([
  z.strictObject({ createdAtMs: z.int(), id: z.string().max(100) }),
  z.strictObject({ builtIn: z.string().max(100) }),
]);

export const skillsList = defineEndpoint({
  name: "skills-list",
  summary: "List skills: the workspace's, newest first, then those that come with Parley",
  method: "GET",
  path: "/v1/skills",
  permission: "workspace",
  query: z.object({
    ...CURSOR_QUERY,
    limit: z.int().min(1).max(SKILL_PAGE_LIMITS.max).optional(),
    source: SkillSourceType.nullish(),
  }),
  reply: { schema: SkillPage.or(LegacySkillPage) },
  async handle(request, { skills }) {
    const { limit, cursor } = parseCursorQuery(request.query, Cursor, SKILL_PAGE_LIMITS);
    const source = queryChoice(request.query, "source", SkillSourceType);
    const isLegacy = wantsLegacySkills(request);
    const found = await skills.list(request.principal, { source, limit, cursor, isLegacy });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const hasMore = found.length > limit && last !== undefined;
    const next = hasMore ? encodeCursor(toCursor(last)) : null;
    const body = isLegacy
      ? ({ data: page.map(toLegacySkill), has_more: hasMore, next_page: next } satisfies LegacySkillPage)
      : ({ data: page.map(toSkill), next_page: next } satisfies SkillPage);
    return { kind: "json", body };
  },
});

function toCursor({ id, source, createdAt }: SkillRecord): SkillListCursor {
  return source === "anthropic" ? { builtIn: id } : { createdAtMs: createdAt.getTime(), id };
}
