import type { ConsolePromptCase, ConsolePromptContent } from "@parley/wire";
import { index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

/** A prompt that a workspace keeps in the Console. */
export const prompts = pgTable(
  "prompts",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id").notNull(),
    name: text("name").notNull(),
    /** The newest one's number. */
    version: integer("version").notNull(),
    cases: jsonb("cases").$type<readonly ConsolePromptCase[]>().notNull(),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [index("prompts_workspace").on(table.workspaceId, table.updatedAt)],
);

/** Never changed: a rating is of one version. */
export const promptVersions = pgTable(
  "prompt_versions",
  {
    promptId: text("prompt_id")
      .notNull()
      .references(() => prompts.id, { onDelete: "cascade" }),
    version: integer("version").notNull(),
    content: jsonb("content").$type<ConsolePromptContent>().notNull(),
    createdBy: text("created_by"),
    createdAt: instant("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.promptId, table.version] })],
);
