import { defineEndpoint } from "../define-endpoint.ts";

export const skillVersionsContent = defineEndpoint({
  name: "skill-versions-content",
  summary: "Download the files of a version of a skill as a zip archive",
  method: "GET",
  path: "/v1/skills/:skill_id/versions/:version/content",
  permission: "workspace",
  reply: { schema: null },
  async handle({ principal, params }, { skills }) {
    const { skill_id: skillId = "", version = "" } = params;
    const found = await skills.getVersion(principal, skillId, version);
    return {
      kind: "bytes",
      // A name has lowercase letters, digits and hyphens only.
      headers: { "content-disposition": `attachment; filename="${found.name}.zip"` },
      contentType: "application/zip",
      body: skills.readArchive(principal, found),
    };
  },
});
