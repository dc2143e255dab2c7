import { z } from "zod";
import { readSkillUpload, SKILL_FORM_MAX_BYTES } from "../../skills/read-skill-upload.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { SkillVersionReply, toSkillActor, toSkillVersionReply } from "../shared/skill-reply.ts";

export const skillVersionsCreate = defineEndpoint({
  name: "skill-versions-create",
  summary: "Create a version of a skill",
  method: "POST",
  path: "/v1/skills/:skill_id/versions",
  permission: "workspace",
  upload: {
    maxBytes: SKILL_FORM_MAX_BYTES,
    contentType: "multipart/form-data",
    schema: z.strictObject({ "files[]": z.array(z.string().meta({ format: "binary" })).min(1) }),
  },
  reply: { schema: SkillVersionReply },
  async handle(request, { skills, dataPolicy }) {
    await dataPolicy.requireStorage(request.principal.workspaceId, "Skills");
    const { skill } = await readSkillUpload(request.headers["content-type"], request.upload, null);
    const version = await skills.createVersion(toSkillActor(request), request.params["skill_id"] ?? "", skill);
    return { kind: "json", body: toSkillVersionReply(version, request) };
  },
});
