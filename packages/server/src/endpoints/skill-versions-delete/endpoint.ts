import { DeletedSkillVersion } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { toSkillActor, wantsLegacySkills } from "../shared/skill-reply.ts";

export const skillVersionsDelete = defineEndpoint({
  name: "skill-versions-delete",
  summary: "Delete a version of a skill",
  method: "DELETE",
  path: "/v1/skills/:skill_id/versions/:version",
  permission: "workspace",
  reply: { schema: DeletedSkillVersion },
  async handle(request, { skills }) {
    const isLegacy = wantsLegacySkills(request);
    const { skill_id: skillId = "", version = "" } = request.params;
    const deleted = await skills.deleteVersion(toSkillActor(request), skillId, version, { isLegacy });
    const id = isLegacy ? deleted.version : deleted.id;
    return { kind: "json", body: { id, type: "skill_version_deleted" } satisfies DeletedSkillVersion };
  },
});
