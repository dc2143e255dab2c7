import { sql } from "drizzle-orm";
import { boolean, check, pgTable, text } from "drizzle-orm/pg-core";

/** One row: what all nodes on this database have in common. */
export const installation = pgTable(
  "installation",
  {
    isOnly: boolean("is_only").primaryKey().default(true),
    /** Derived from the master secret, which nobody can find from it. */
    secretFingerprint: text("secret_fingerprint").notNull(),
  },
  (table) => [check("installation_is_one", sql`${table.isOnly}`)],
);
