import { sql } from "drizzle-orm";
import { bigint, boolean, index, pgTable, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

/** The bytes are a blob named after the id; the row is written once they are stored, and dropped before they are. */
export const files = pgTable(
  "files",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id").notNull(),
    workspaceId: text("workspace_id").notNull(),
    filename: text("filename").notNull(),
    mimeType: text("mime_type").notNull(),
    sizeBytes: bigint("size_bytes", { mode: "number" }).notNull(),
    /** Hexadecimal. */
    sha256: text("sha256").notNull(),
    /** Only what a tool made may be fetched back. */
    downloadable: boolean("downloadable").notNull(),
    createdAt: instant("created_at").notNull(),
    expiresAt: instant("expires_at"),
    /** Set when the bytes of an expired file have been removed. */
    contentRemovedAt: instant("content_removed_at"),
  },
  (table) => [
    index("files_workspace_created").on(table.workspaceId, table.createdAt, table.id),
    // What is stored for an organization is summed over this index alone.
    index("files_organization_stored")
      .on(table.organizationId, table.sizeBytes)
      .where(sql`content_removed_at is null`),
    index("files_content_removed")
      .on(table.contentRemovedAt)
      .where(sql`content_removed_at is not null`),
    index("files_expiring")
      .on(table.expiresAt)
      .where(sql`content_removed_at is null and expires_at is not null`),
  ],
);
