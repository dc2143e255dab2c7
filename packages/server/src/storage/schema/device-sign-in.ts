import { index, integer, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";
import { apiKeys } from "./tenancy.ts";

/** A device that waits for somebody to sign in on it (RFC 8628). */
export const deviceGrants = pgTable(
  "device_grants",
  {
    deviceCodeHmac: text("device_code_hmac").primaryKey(),
    userCodeHmac: text("user_code_hmac").notNull(),
    /** Of the device, so that whoever signs in sees what asks. */
    userAgent: text("user_agent"),
    network: text("network").notNull(),
    createdAt: instant("created_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
    polledAt: instant("polled_at"),
    intervalSeconds: integer("interval_seconds").notNull(),
    status: text("status", { enum: ["pending", "approved", "denied", "used"] }).notNull(),
    /** What its tokens stand for, once somebody has agreed. */
    apiKeyId: text("api_key_id"),
  },
  (table) => [uniqueIndex("device_grants_user_code").on(table.userCodeHmac), index("device_grants_expires").on(table.expiresAt)],
);

/** Tokens of a device. All they may is what their key may, for as long as it lives. */
export const deviceTokens = pgTable(
  "device_tokens",
  {
    tokenHmac: text("token_hmac").primaryKey(),
    kind: text("kind", { enum: ["access", "refresh"] }).notNull(),
    apiKeyId: text("api_key_id")
      .notNull()
      .references(() => apiKeys.id, { onDelete: "cascade" }),
    expiresAt: instant("expires_at").notNull(),
    /** A refresh token works once; who shows it again has it from somebody. */
    usedAt: instant("used_at"),
    /** The refresh token that it came of; null: it came with the sign-in. */
    renewedFromHmac: text("renewed_from_hmac"),
  },
  (table) => [
    index("device_tokens_key").on(table.apiKeyId),
    index("device_tokens_expires").on(table.expiresAt),
    index("device_tokens_renewed_from").on(table.renewedFromHmac),
  ],
);
