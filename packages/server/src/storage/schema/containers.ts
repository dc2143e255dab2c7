import { index, pgTable, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

/** Where code of a workspace runs. The content is a folder named after the id; the row is written before it and dropped after it. */
export const containers = pgTable(
  "containers",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id").notNull(),
    workspaceId: text("workspace_id").notNull(),
    createdAt: instant("created_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
  },
  (table) => [index("containers_workspace").on(table.workspaceId), index("containers_expiring").on(table.expiresAt)],
);
