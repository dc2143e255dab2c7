import { z } from "zod";
import { readSkillUpload, SKILL_FORM_MAX_BYTES } from "../../skills/read-skill-upload.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { SkillReply, toSkillActor, toSkillReply, wantsLegacySkills } from "../shared/skill-reply.ts";

export const skillsCreate = defineEndpoint({
  name: "skills-create",
  summary: "Create a skill from its files or from a zip archive of them",
  method: "POST",
  path: "/v1/skills",
  permission: "workspace",
  upload: {
    maxBytes: SKILL_FORM_MAX_BYTES,
    contentType: "multipart/form-data",
    schema: z.strictObject({
      "files[]": z.array(z.string().meta({ format: "binary" })).min(1),
      display_name: z.string().max(255).optional(),
    }),
  },
  reply: { schema: SkillReply },
  async handle(request, { skills, dataPolicy }) {
    await dataPolicy.requireStorage(request.principal.workspaceId, "Skills");
    const isLegacy = wantsLegacySkills(request);
    const labelField = isLegacy ? "display_title" : "display_name";
    const upload = await readSkillUpload(request.headers["content-type"], request.upload, labelField);
    const skill = await skills.create(toSkillActor(request), upload, { isLegacy });
    return { kind: "json", body: toSkillReply(skill, request) };
  },
});
