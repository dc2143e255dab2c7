import { defineEndpoint } from "../define-endpoint.ts";
import { FileReply, toFileReply } from "../shared/file-reply.ts";

export const filesGet = defineEndpoint({
  name: "files-get",
  summary: "Get a file's metadata",
  method: "GET",
  path: "/v1/files/:file_id",
  permission: "workspace",
  reply: { schema: FileReply },
  async handle(request, { files }) {
    return { kind: "json", body: toFileReply(await files.get(request.principal, request.params["file_id"] ?? ""), request) };
  },
});
