import { bigint, index, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

export const skills = pgTable(
  "skills",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id").notNull(),
    workspaceId: text("workspace_id").notNull(),
    /** Of SKILL.md, or the folder's: every version has it. */
    name: text("name").notNull(),
    /** Null: the client gave none, and the name stands in. */
    displayName: text("display_name"),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [index("skills_workspace_created").on(table.workspaceId, table.createdAt, table.id)],
);

/** The files are a blob named after the id, a zip archive made by Parley; the row is written once it is stored. */
export const skillVersions = pgTable(
  "skill_versions",
  {
    id: text("id").primaryKey(),
    skillId: text("skill_id")
      .notNull()
      .references(() => skills.id, { onDelete: "cascade" }),
    organizationId: text("organization_id").notNull(),
    workspaceId: text("workspace_id").notNull(),
    /** What clients of the beta name it by: microseconds since 1970, later ones higher. */
    version: bigint("version", { mode: "number" }).notNull(),
    name: text("name").notNull(),
    description: text("description").notNull(),
    /** Of the archive. */
    sizeBytes: bigint("size_bytes", { mode: "number" }).notNull(),
    /** Hexadecimal, of the archive. */
    sha256: text("sha256").notNull(),
    createdAt: instant("created_at").notNull(),
  },
  (table) => [
    uniqueIndex("skill_versions_skill_version").on(table.skillId, table.version),
    index("skill_versions_workspace").on(table.workspaceId, table.id),
    // What is stored for an organization is summed over this index alone.
    index("skill_versions_organization_stored").on(table.organizationId, table.sizeBytes),
  ],
);
