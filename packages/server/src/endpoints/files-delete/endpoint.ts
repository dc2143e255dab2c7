import { DeletedFile } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";

export const filesDelete = defineEndpoint({
  name: "files-delete",
  summary: "Delete a file",
  method: "DELETE",
  path: "/v1/files/:file_id",
  permission: "workspace",
  reply: { schema: DeletedFile },
  async handle({ principal, params }, { files }) {
    const id = params["file_id"] ?? "";
    await files.delete(principal, id);
    return { kind: "json", body: { id, type: "file_deleted" } satisfies DeletedFile };
  },
});
