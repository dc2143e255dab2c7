import { fail } from "../../platform/fail.ts";
import { defineEndpoint } from "../define-endpoint.ts";

export const filesContent = defineEndpoint({
  name: "files-content",
  summary: "Download a file that a tool made",
  method: "GET",
  path: "/v1/files/:file_id/content",
  permission: "workspace",
  reply: { schema: null },
  async handle({ principal, params }, { files }) {
    const file = await files.get(principal, params["file_id"] ?? "");
    if (!file.downloadable) {
      throw fail("invalid_request_error", {
        public: `File ${file.id} is not downloadable. Only files made by tools can be downloaded.`,
        details: { error_code: "file_not_downloadable" },
      });
    }
    return {
      kind: "bytes",
      // The name is the tool's or the model's choice: percent-encoded, so that it can break out of nothing.
      headers: {
        "content-length": String(file.sizeBytes),
        "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(file.filename)}`,
      },
      contentType: file.mimeType,
      body: files.read(file),
    };
  },
});
