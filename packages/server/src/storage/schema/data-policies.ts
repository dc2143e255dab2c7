import { boolean, integer, pgTable, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

/** How a workspace's content is treated; without a row it is kept as usual. */
export const dataPolicies = pgTable("workspace_data_policies", {
  workspaceId: text("workspace_id").primaryKey(),
  /** Nothing of a prompt or a reply is stored. */
  zeroDataRetention: boolean("zero_data_retention").notNull(),
  /** How long prompts and replies may be stored; null: as the server's configuration says. */
  retentionDays: integer("retention_days"),
  /** The longest life of a file; null: until it expires or is deleted. */
  fileRetentionDays: integer("file_retention_days"),
  changedAt: instant("changed_at").notNull(),
  /** When all content of one that keeps nothing was last removed. */
  emptiedAt: instant("emptied_at"),
});
