import { sql } from "drizzle-orm";
import { customType, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

const tsvector = customType<{ data: string }>({ dataType: () => "tsvector" });

/** The operator's own documents, which the search provider `local` finds; they belong to no workspace. */
export const searchDocuments = pgTable(
  "search_documents",
  {
    url: text("url").primaryKey(),
    /** The name under which it was added, with others. */
    collection: text("collection").notNull(),
    title: text("title").notNull(),
    /** Of all that is made of it: what has not changed is not written again. */
    sha256: text("sha256").notNull(),
    addedAt: instant("added_at").notNull(),
  },
  (table) => [index("search_documents_collection").on(table.collection)],
);

/** What is found: as much of a document as a model reads at once. */
export const searchPassages = pgTable(
  "search_passages",
  {
    url: text("url")
      .notNull()
      .references(() => searchDocuments.url, { onDelete: "cascade" }),
    number: integer("number").notNull(),
    /** `#page=3` in a PDF. */
    fragment: text("fragment").notNull(),
    text: text("text").notNull(),
    terms: tsvector("terms").notNull(),
  },
  (table) => [primaryKey({ columns: [table.url, table.number] }), index("search_passages_terms").using("gin", sql`terms`)],
);
