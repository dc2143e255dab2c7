import { defineEndpoint } from "../define-endpoint.ts";
import { SkillReply, toSkillReply, wantsLegacySkills } from "../shared/skill-reply.ts";

export const skillsGet = defineEndpoint({
  name: "skills-get",
  summary: "Get a skill",
  method: "GET",
  path: "/v1/skills/:skill_id",
  permission: "workspace",
  reply: { schema: SkillReply },
  async handle(request, { skills }) {
    const rules = { isLegacy: wantsLegacySkills(request) };
    const skill = await skills.get(request.principal, request.params["skill_id"] ?? "", rules);
    return { kind: "json", body: toSkillReply(skill, request) };
  },
});
