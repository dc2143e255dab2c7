import { z } from "zod";
import { FORM_MAX_BYTES } from "../../files/read-upload.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { FileReply, toFileReply } from "../shared/file-reply.ts";

export const filesCreate = defineEndpoint({
  name: "files-create",
  summary: "Upload a file",
  method: "POST",
  path: "/v1/files",
  permission: "workspace",
  upload: {
    maxBytes: FORM_MAX_BYTES,
    contentType: "multipart/form-data",
    schema: z.strictObject({
      file: z.string().meta({ format: "binary" }),
      expires_in_seconds: z.int().min(3_600).max(7_776_000).optional(),
    }),
  },
  reply: { schema: FileReply },
  async handle(request, { files, dataPolicy }) {
    await dataPolicy.requireStorage(request.principal.workspaceId, "Files");
    const row = await files.upload(request.principal, {
      contentType: request.headers["content-type"],
      body: request.upload,
      announcedBytes: Number(request.headers["content-length"] ?? 0),
    });
    return { kind: "json", body: toFileReply(row, request) };
  },
});
