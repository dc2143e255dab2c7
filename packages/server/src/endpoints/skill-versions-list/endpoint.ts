import { LegacySkillVersionPage, SkillVersionPage } from "@parley/wire";
import { z } from "zod";
import { defineEndpoint } from "../define-endpoint.ts";
import { CURSOR_QUERY, encodeCursor, parseCursorQuery } from "../shared/page-query.ts";
import { SKILL_PAGE_LIMITS, toLegacySkillVersion, toSkillVersion, wantsLegacySkills } from "../shared/skill-reply.ts";

const Cursor = z.strictObject({ below: z.int() });

export const skillVersionsList = defineEndpoint({
  name: "skill-versions-list",
  summary: "List the versions of a skill, newest first",
  method: "GET",
  path: "/v1/skills/:skill_id/versions",
  permission: "workspace",
  query: z.object({ ...CURSOR_QUERY, limit: z.int().min(1).max(SKILL_PAGE_LIMITS.max).optional() }),
  reply: { schema: SkillVersionPage.or(LegacySkillVersionPage) },
  async handle(request, { skills }) {
    const { limit, cursor } = parseCursorQuery(request.query, Cursor, SKILL_PAGE_LIMITS);
    const below = cursor?.below ?? null;
    const found = await skills.listVersions(request.principal, request.params["skill_id"] ?? "", { limit, below });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const hasMore = found.length > limit && last !== undefined;
    const next = hasMore ? encodeCursor({ below: Number(last.version) }) : null;
    const body = wantsLegacySkills(request)
      ? ({ data: page.map(toLegacySkillVersion), has_more: hasMore, next_page: next } satisfies LegacySkillVersionPage)
      : ({ data: page.map(toSkillVersion), next_page: next } satisfies SkillVersionPage);
    return { kind: "json", body };
  },
});
