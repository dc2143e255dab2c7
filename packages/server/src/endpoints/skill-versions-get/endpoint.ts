import { defineEndpoint } from "../define-endpoint.ts";
import { SkillVersionReply, toSkillVersionReply } from "../shared/skill-reply.ts";

export const skillVersionsGet = defineEndpoint({
  name: "skill-versions-get",
  summary: "Get a version of a skill, by its id or its number",
  method: "GET",
  path: "/v1/skills/:skill_id/versions/:version",
  permission: "workspace",
  reply: { schema: SkillVersionReply },
  async handle(request, { skills }) {
    const { skill_id: skillId = "", version = "" } = request.params;
    const found = await skills.getVersion(request.principal, skillId, version);
    return { kind: "json", body: toSkillVersionReply(found, request) };
  },
});
