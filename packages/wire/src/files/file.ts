import { z } from "zod";

/** Source: surface.md F. */
export const FileMetadata = z
  .strictObject({
    id: z.string(),
    type: z.literal("file"),
    filename: z.string(),
    mime_type: z.string(),
    size_bytes: z.int(),
    created_at: z.iso.datetime(),
    downloadable: z.boolean(),
    expires_at: z.iso.datetime().nullable(),
  })
  .meta({ id: "FileMetadata" });

/** As clients of the beta `files-api-2025-04-14` know it. */
export const LegacyFileMetadata = FileMetadata.omit({ expires_at: true }).meta({ id: "LegacyFileMetadata" });

export const FilePage = z
  .strictObject({ data: z.array(FileMetadata), next_page: z.string().nullable() })
  .meta({ id: "FilePage" });

export const LegacyFilePage = z
  .strictObject({
    data: z.array(LegacyFileMetadata),
    has_more: z.boolean(),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
  })
  .meta({ id: "LegacyFilePage" });

export const DeletedFile = z.strictObject({ id: z.string(), type: z.literal("file_deleted") }).meta({ id: "DeletedFile" });

export type FileMetadata = z.infer<typeof FileMetadata>;
export type LegacyFileMetadata = z.infer<typeof LegacyFileMetadata>;
export type FilePage = z.infer<typeof FilePage>;
export type LegacyFilePage = z.infer<typeof LegacyFilePage>;
export type DeletedFile = z.infer<typeof DeletedFile>;
