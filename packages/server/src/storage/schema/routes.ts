import { bigint, index, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

/** Somebody asked all nodes to read anew which models are answered by whom. Nodes look for the last one every second. */
export const routeReloads = pgTable(
  "route_reloads",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    askedAt: instant("asked_at").notNull(),
    askedBy: text("asked_by").notNull(),
  },
  (table) => [index("route_reloads_asked_at").on(table.askedAt)],
);

/** What came of it on each node. */
export const routeReloadAnswers = pgTable(
  "route_reload_answers",
  {
    reloadId: bigint("reload_id", { mode: "number" })
      .notNull()
      .references(() => routeReloads.id, { onDelete: "cascade" }),
    node: text("node").notNull(),
    /** Null: it goes by the new routes. Else why it keeps the old ones. */
    problem: text("problem"),
    answeredAt: instant("answered_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.reloadId, table.node] })],
);

/** Upstreams that no node gives new turns, whatever its configuration says, until somebody takes that back. */
export const drainedUpstreams = pgTable("drained_upstreams", {
  upstream: text("upstream").primaryKey(),
  drainedAt: instant("drained_at").notNull(),
  drainedBy: text("drained_by").notNull(),
});
