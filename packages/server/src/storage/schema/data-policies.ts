import { boolean, pgTable, text, timestamp } from "drizzle-orm/pg-core";

/** How a workspace's content is treated; without a row it is kept as usual. */
export const dataPolicies = pgTable("workspace_data_policies", {
  workspaceId: text("workspace_id").primaryKey(),
  /** Nothing of a prompt or a reply is stored. */
  zeroDataRetention: boolean("zero_data_retention").notNull(),
  changedAt: timestamp("changed_at", { withTimezone: true, mode: "date", precision: 3 }).notNull(),
});
