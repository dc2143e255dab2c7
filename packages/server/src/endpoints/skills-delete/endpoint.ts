import { DeletedSkill } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { toSkillActor, wantsLegacySkills } from "../shared/skill-reply.ts";

export const skillsDelete = defineEndpoint({
  name: "skills-delete",
  summary: "Delete a skill with its versions; for clients of the beta, one that has none left",
  method: "DELETE",
  path: "/v1/skills/:skill_id",
  permission: "workspace",
  reply: { schema: DeletedSkill },
  async handle(request, { skills }) {
    const id = request.params["skill_id"] ?? "";
    await skills.delete(toSkillActor(request), id, { isLegacy: wantsLegacySkills(request) });
    return { kind: "json", body: { id, type: "skill_deleted" } satisfies DeletedSkill };
  },
});
