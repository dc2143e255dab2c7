import { bigint, index, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bytes, instant } from "./columns.ts";

/** How a person proves who they are. A person who only ever comes by OpenID Connect has no password. */
export const userCredentials = pgTable("user_credentials", {
  userId: text("user_id").primaryKey(),
  /** argon2id, PHC string. */
  passwordHash: text("password_hash"),
  /** Sealed under a key that is not in the database; null until a second factor is enrolled. */
  totpSecretSealed: bytes("totp_secret_sealed"),
  /** Null while the enrolment is not confirmed by a first code. */
  totpConfirmedAt: instant("totp_confirmed_at"),
  /** The newest time step that was accepted; each is accepted once. */
  totpLastStep: bigint("totp_last_step", { mode: "number" }).notNull().default(0),
  updatedAt: instant("updated_at").notNull(),
});

/** Each row is one use; it is deleted by it. */
export const userRecoveryCodes = pgTable(
  "user_recovery_codes",
  {
    userId: text("user_id").notNull(),
    codeHmac: text("code_hmac").notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.codeHmac] })],
);

/** A person at an OpenID provider. */
export const userIdentities = pgTable(
  "user_identities",
  {
    issuer: text("issuer").notNull(),
    subject: text("subject").notNull(),
    userId: text("user_id").notNull(),
    createdAt: instant("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.issuer, table.subject] }), index("user_identities_user").on(table.userId)],
);

/** A signed-in browser. */
export const sessions = pgTable(
  "sessions",
  {
    id: text("id").primaryKey(),
    tokenHmac: text("token_hmac").notNull(),
    userId: text("user_id").notNull(),
    createdAt: instant("created_at").notNull(),
    /** When the person last proved who they are, by password or at the provider. */
    authenticatedAt: instant("authenticated_at").notNull(),
    lastSeenAt: instant("last_seen_at").notNull(),
    /** Whatever happens in between. */
    expiresAt: instant("expires_at").notNull(),
    revokedAt: instant("revoked_at"),
    userAgent: text("user_agent"),
  },
  (table) => [uniqueIndex("sessions_token_hmac").on(table.tokenHmac), index("sessions_user").on(table.userId)],
);

/** A secret that works once: the owner's link, an invite's, one to set a password, the way to the OpenID provider and back. */
export const signInTickets = pgTable(
  "sign_in_tickets",
  {
    secretHmac: text("secret_hmac").primaryKey(),
    kind: text("kind", { enum: ["owner", "invite", "password", "openid"] }).notNull(),
    payload: jsonb("payload").$type<Readonly<Record<string, string>>>().notNull(),
    expiresAt: instant("expires_at").notNull(),
    usedAt: instant("used_at"),
  },
  (table) => [index("sign_in_tickets_expires").on(table.expiresAt)],
);
