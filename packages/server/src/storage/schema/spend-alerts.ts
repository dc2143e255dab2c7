import { bigint, index, integer, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

/** A part of a limit that was spent, or credits that were, each once a period. */
export const spendAlerts = pgTable(
  "spend_alerts",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id").notNull(),
    scopeType: text("scope_type", {
      enum: ["organization", "workspace", "api_key", "user", "usage_tier", "credits"],
    }).notNull(),
    scopeId: text("scope_id").notNull(),
    /** Of credits: null, and the period begins with the newest grant. */
    period: text("period", { enum: ["daily", "weekly", "monthly"] }),
    periodStart: instant("period_start").notNull(),
    thresholdPercent: integer("threshold_percent").notNull(),
    limitNanoUsd: bigint("limit_nano_usd", { mode: "bigint" }).notNull(),
    spentNanoUsd: bigint("spent_nano_usd", { mode: "bigint" }).notNull(),
    createdAt: instant("created_at").notNull(),
  },
  (table) => [
    unique("spend_alerts_once")
      .on(table.organizationId, table.scopeType, table.scopeId, table.period, table.periodStart, table.thresholdPercent)
      .nullsNotDistinct(),
  ],
);

/** One alert by one channel. */
export const spendAlertDeliveries = pgTable(
  "spend_alert_deliveries",
  {
    alertId: text("alert_id")
      .notNull()
      .references(() => spendAlerts.id, { onDelete: "cascade" }),
    channel: text("channel", { enum: ["webhook", "mail"] }).notNull(),
    attempts: integer("attempts").notNull(),
    /** Null: it is sent, or given up. */
    nextTryAt: instant("next_try_at"),
    sentAt: instant("sent_at"),
  },
  (table) => [primaryKey({ columns: [table.alertId, table.channel] }), index("spend_alert_deliveries_due").on(table.nextTryAt)],
);
