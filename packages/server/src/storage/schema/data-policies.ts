import { boolean, pgTable, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

/** How a workspace's content is treated; without a row it is kept as usual. */
export const dataPolicies = pgTable("workspace_data_policies", {
  workspaceId: text("workspace_id").primaryKey(),
  /** Nothing of a prompt or a reply is stored. */
  zeroDataRetention: boolean("zero_data_retention").notNull(),
  changedAt: instant("changed_at").notNull(),
});
