import { and, desc, eq, gt, isNull, lt, ne } from "drizzle-orm";
import { sessions } from "./schema.ts";
import type { Queries, Storage } from "./storage.ts";

/** More than a person has browsers. */
const SESSIONS_SHOWN = 200;

export interface NewSessionRow {
  readonly id: string;
  readonly tokenHmac: string;
  readonly userId: string;
  readonly createdAtMs: number;
  readonly authenticatedAtMs: number;
  readonly expiresAtMs: number;
  readonly userAgent: string | null;
}

export interface SessionRow {
  readonly id: string;
  readonly userId: string;
  readonly createdAtMs: number;
  readonly authenticatedAtMs: number;
  readonly lastSeenAtMs: number;
  readonly expiresAtMs: number;
  readonly userAgent: string | null;
}

export function insertSession(storage: Storage, row: NewSessionRow): Promise<void> {
  return storage.run({ operation: "insert session", repeatable: true }, async (database) => {
    const at = new Date(row.createdAtMs);
    await database
      .insert(sessions)
      .values({
        id: row.id,
        tokenHmac: row.tokenHmac,
        userId: row.userId,
        createdAt: at,
        authenticatedAt: new Date(row.authenticatedAtMs),
        lastSeenAt: at,
        expiresAt: new Date(row.expiresAtMs),
        userAgent: row.userAgent,
      })
      .onConflictDoNothing({ target: sessions.id });
  });
}

/** A session that is neither revoked nor over, nor idle since before `idleSinceMs`. */
export function findLiveSession(
  storage: Storage,
  tokenHmac: string,
  { nowMs, idleSinceMs }: { readonly nowMs: number; readonly idleSinceMs: number },
): Promise<SessionRow | null> {
  return storage.run({ operation: "find session", repeatable: true }, async (database) => {
    const [row] = await database
      .select()
      .from(sessions)
      .where(
        and(
          eq(sessions.tokenHmac, tokenHmac),
          isNull(sessions.revokedAt),
          gt(sessions.expiresAt, new Date(nowMs)),
          gt(sessions.lastSeenAt, new Date(idleSinceMs)),
        ),
      )
      .limit(1);
    return row ? toSession(row) : null;
  });
}

export function touchSession(storage: Storage, id: string, seenAtMs: number): Promise<void> {
  return storage.run({ operation: "touch session", repeatable: true }, async (database) => {
    const at = new Date(seenAtMs);
    await database
      .update(sessions)
      .set({ lastSeenAt: at })
      .where(and(eq(sessions.id, id), lt(sessions.lastSeenAt, at)));
  });
}

export function markReauthenticated(storage: Storage, id: string, atMs: number): Promise<void> {
  return storage.run({ operation: "re-authenticate session", repeatable: true }, async (database) => {
    await database
      .update(sessions)
      .set({ authenticatedAt: new Date(atMs) })
      .where(eq(sessions.id, id));
  });
}

/** Those of a person that are neither revoked nor over, nor idle since before `idleSinceMs`; the one used last first. */
export function listLiveSessions(
  storage: Storage,
  userId: string,
  { nowMs, idleSinceMs }: { readonly nowMs: number; readonly idleSinceMs: number },
): Promise<SessionRow[]> {
  return storage.run({ operation: "list sessions", repeatable: true }, async (database) => {
    const rows = await database
      .select()
      .from(sessions)
      .where(
        and(
          eq(sessions.userId, userId),
          isNull(sessions.revokedAt),
          gt(sessions.expiresAt, new Date(nowMs)),
          gt(sessions.lastSeenAt, new Date(idleSinceMs)),
        ),
      )
      .orderBy(desc(sessions.lastSeenAt), desc(sessions.id))
      .limit(SESSIONS_SHOWN);
    return rows.map(toSession);
  });
}

/** One session, one of a person, or with `exceptId` all others of a person. */
export type WhichSessions =
  | { readonly id: string; readonly userId?: string }
  | { readonly userId: string; readonly exceptId: string | null };

/** Ends sessions. Returns how many it ended. */
export function revokeSessions(storage: Storage, which: WhichSessions, atMs: number): Promise<number> {
  return storage.run({ operation: "revoke sessions", repeatable: true }, (database) => revokeSessionsOn(database, which, atMs));
}

export async function revokeSessionsOn(queries: Queries, which: WhichSessions, atMs: number): Promise<number> {
  const whose =
    "id" in which
      ? and(eq(sessions.id, which.id), which.userId === undefined ? undefined : eq(sessions.userId, which.userId))
      : and(eq(sessions.userId, which.userId), which.exceptId === null ? undefined : ne(sessions.id, which.exceptId));
  const rows = await queries
    .update(sessions)
    .set({ revokedAt: new Date(atMs) })
    .where(and(whose, isNull(sessions.revokedAt)))
    .returning({ id: sessions.id });
  return rows.length;
}

/** Forgets sessions that ended before `beforeMs`. */
export function sweepSessions(storage: Storage, beforeMs: number): Promise<void> {
  return storage.run({ operation: "sweep sessions", repeatable: true }, async (database) => {
    await database.delete(sessions).where(lt(sessions.expiresAt, new Date(beforeMs)));
  });
}

function toSession(row: typeof sessions.$inferSelect): SessionRow {
  return {
    id: row.id,
    userId: row.userId,
    createdAtMs: row.createdAt.getTime(),
    authenticatedAtMs: row.authenticatedAt.getTime(),
    lastSeenAtMs: row.lastSeenAt.getTime(),
    expiresAtMs: row.expiresAt.getTime(),
    userAgent: row.userAgent,
  };
}
