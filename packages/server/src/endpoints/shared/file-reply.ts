import { FileMetadata, LegacyFileMetadata } from "@parley/wire";
import type { FileRow } from "../../storage/files.ts";
import type { EndpointRequest } from "../define-endpoint.ts";

/** Clients that send it know the shapes from before general availability. Source: surface.md 0. */
const LEGACY_BETA = "files-api-2025-04-14";

export const FileReply = FileMetadata.or(LegacyFileMetadata);

export function wantsLegacyFiles({ betas }: Pick<EndpointRequest, "betas">): boolean {
  return betas.includes(LEGACY_BETA);
}

export function toFile(row: FileRow): FileMetadata {
  return { ...toLegacyFile(row), expires_at: row.expiresAt?.toISOString() ?? null };
}

export function toLegacyFile(row: FileRow): LegacyFileMetadata {
  return {
    id: row.id,
    type: "file",
    filename: row.filename,
    mime_type: row.mimeType,
    size_bytes: row.sizeBytes,
    created_at: row.createdAt.toISOString(),
    downloadable: row.downloadable,
  };
}

/** One file in the shape that the client knows. */
export function toFileReply(row: FileRow, request: Pick<EndpointRequest, "betas">): FileMetadata | LegacyFileMetadata {
  return wantsLegacyFiles(request) ? toLegacyFile(row) : toFile(row);
}
