import { and, eq, gt, inArray, isNotNull, isNull, lt, ne, or, sql } from "drizzle-orm";
import { unionAll } from "drizzle-orm/pg-core";
import { apiKeys, deviceGrants, deviceTokens, users, workspaceMembers, workspaces } from "./schema.ts";
import type { LiveApiKey } from "./api-keys.ts";
import type { Queries, Storage } from "./storage.ts";
import type { OrganizationRoleName } from "./users.ts";
import type { WorkspaceRoleName } from "./workspace-members.ts";

export type DeviceGrantRow = typeof deviceGrants.$inferSelect;
type TokenRow = typeof deviceTokens.$inferSelect;

export function insertDeviceGrant(storage: Storage, grant: DeviceGrantRow): Promise<void> {
  return storage.run({ operation: "insert device grant", repeatable: false }, async (database) => {
    await database.insert(deviceGrants).values(grant);
  });
}

/** One that waits for an answer. */
export function findPendingGrant(storage: Storage, userCodeHmac: string, nowMs: number): Promise<DeviceGrantRow | null> {
  return storage.run({ operation: "find device grant", repeatable: true }, async (database) => {
    const [row] = await database.select().from(deviceGrants).where(pending(userCodeHmac, nowMs)).limit(1);
    return row ?? null;
  });
}

/** Answers one that waits: of several answers the first counts. */
export async function decideGrantOn(
  queries: Queries,
  userCodeHmac: string,
  nowMs: number,
  answer: { readonly status: "approved" | "denied"; readonly apiKeyId: string | null },
): Promise<boolean> {
  const rows = await queries
    .update(deviceGrants)
    .set(answer)
    .where(pending(userCodeHmac, nowMs))
    .returning({ id: deviceGrants.deviceCodeHmac });
  return rows.length > 0;
}

/** The grant of a device as it was before this poll, which is noted. Null: there is none, or it was used. */
export function pollGrant(storage: Storage, deviceCodeHmac: string, nowMs: number): Promise<DeviceGrantRow | null> {
  return storage.run({ operation: "poll device grant", repeatable: false }, (database) =>
    database.transaction(async (transaction) => {
      const [row] = await transaction
        .select()
        .from(deviceGrants)
        .where(eq(deviceGrants.deviceCodeHmac, deviceCodeHmac))
        .for("update");
      if (!row || row.status === "used") return null;
      await transaction
        .update(deviceGrants)
        .set({ polledAt: new Date(nowMs) })
        .where(eq(deviceGrants.deviceCodeHmac, deviceCodeHmac));
      return row;
    }),
  );
}

export function slowGrantDown(storage: Storage, deviceCodeHmac: string, intervalSeconds: number): Promise<void> {
  return storage.run({ operation: "slow device grant down", repeatable: true }, async (database) => {
    await database.update(deviceGrants).set({ intervalSeconds }).where(eq(deviceGrants.deviceCodeHmac, deviceCodeHmac));
  });
}

/** Uses an approved grant up for its first tokens. False: it was used already. */
export function useGrant(storage: Storage, deviceCodeHmac: string, tokens: readonly TokenRow[]): Promise<boolean> {
  return storage.run({ operation: "use device grant", repeatable: false }, (database) =>
    database.transaction(async (transaction) => {
      const rows = await transaction
        .update(deviceGrants)
        .set({ status: "used" })
        .where(and(eq(deviceGrants.deviceCodeHmac, deviceCodeHmac), eq(deviceGrants.status, "approved")))
        .returning({ id: deviceGrants.deviceCodeHmac });
      if (rows.length === 0) return false;
      await transaction.insert(deviceTokens).values([...tokens]);
      return true;
    }),
  );
}

export function findRefreshToken(storage: Storage, tokenHmac: string, nowMs: number): Promise<TokenRow | null> {
  return storage.run({ operation: "find refresh token", repeatable: true }, async (database) => {
    const [row] = await database
      .select()
      .from(deviceTokens)
      .where(
        and(eq(deviceTokens.tokenHmac, tokenHmac), eq(deviceTokens.kind, "refresh"), gt(deviceTokens.expiresAt, new Date(nowMs))),
      )
      .limit(1);
    return row ?? null;
  });
}

/**
 * Uses a refresh token up for the next tokens. One that was used a moment ago brings others once more, as a reply may be lost; of all that
 * one token brought only the first to be used goes on. False: somebody else has it. It was used longer ago, or what it brought was used,
 * or what came of the same token as it did.
 */
export function useRefreshToken(
  storage: Storage,
  { tokenHmac, apiKeyId, renewedFromHmac }: Pick<TokenRow, "tokenHmac" | "apiKeyId" | "renewedFromHmac">,
  { nowMs, againSinceMs }: { readonly nowMs: number; readonly againSinceMs: number },
  tokens: readonly TokenRow[],
): Promise<boolean> {
  const usedOnes = and(eq(deviceTokens.kind, "refresh"), isNotNull(deviceTokens.usedAt));
  const siblings = renewedFromHmac === null ? sql`false` : eq(deviceTokens.renewedFromHmac, renewedFromHmac);
  return storage.run({ operation: "use refresh token", repeatable: false }, (database) =>
    database.transaction(async (transaction) => {
      // The tokens of a sign-in are renewed one after the other.
      await transaction.select({ id: apiKeys.id }).from(apiKeys).where(eq(apiKeys.id, apiKeyId)).for("no key update");
      const [rival] = await transaction
        .select({ id: deviceTokens.tokenHmac })
        .from(deviceTokens)
        .where(and(usedOnes, ne(deviceTokens.tokenHmac, tokenHmac), or(eq(deviceTokens.renewedFromHmac, tokenHmac), siblings)))
        .limit(1);
      if (rival) return false;
      const rows = await transaction
        .update(deviceTokens)
        .set({ usedAt: sql`coalesce(${deviceTokens.usedAt}, ${new Date(nowMs).toISOString()}::timestamptz)` })
        .where(
          and(
            eq(deviceTokens.tokenHmac, tokenHmac),
            or(isNull(deviceTokens.usedAt), gt(deviceTokens.usedAt, new Date(againSinceMs))),
          ),
        )
        .returning({ id: deviceTokens.tokenHmac });
      if (rows.length === 0) return false;
      await transaction.insert(deviceTokens).values([...tokens]);
      return true;
    }),
  );
}

/** What an access token stands for, and what its person is now: roles change while tokens live. */
export interface KeyOfToken extends LiveApiKey {
  readonly role: OrganizationRoleName;
  readonly workspace: { readonly isDefault: boolean; readonly role: WorkspaceRoleName | null };
}

/** The keys that live access tokens stand for, by their hashes, while the people who signed in are members. */
export async function findLiveKeysOfTokens(
  storage: Storage,
  tokenHmacs: readonly string[],
  nowMs: number,
): Promise<ReadonlyMap<string, KeyOfToken>> {
  const rows = await storage.run({ operation: "find access tokens", repeatable: true }, (database) =>
    database
      .select({
        tokenHmac: deviceTokens.tokenHmac,
        id: apiKeys.id,
        organizationId: apiKeys.organizationId,
        workspaceId: apiKeys.workspaceId,
        createdByUserId: apiKeys.createdByUserId,
        expiresAt: deviceTokens.expiresAt,
        keyExpiresAt: apiKeys.expiresAt,
        role: users.role,
        isDefault: workspaces.isDefault,
        workspaceRole: workspaceMembers.role,
      })
      .from(deviceTokens)
      .innerJoin(apiKeys, eq(apiKeys.id, deviceTokens.apiKeyId))
      .innerJoin(workspaces, eq(workspaces.id, apiKeys.workspaceId))
      .innerJoin(users, eq(users.id, apiKeys.createdByUserId))
      .leftJoin(
        workspaceMembers,
        and(eq(workspaceMembers.workspaceId, apiKeys.workspaceId), eq(workspaceMembers.id, apiKeys.createdByUserId)),
      )
      .where(
        and(
          inArray(deviceTokens.tokenHmac, [...tokenHmacs]),
          eq(deviceTokens.kind, "access"),
          gt(deviceTokens.expiresAt, new Date(nowMs)),
          eq(apiKeys.status, "active"),
          or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, new Date(nowMs))),
          isNull(workspaces.archivedAt),
        ),
      ),
  );
  return new Map(
    rows.map(({ tokenHmac, expiresAt, keyExpiresAt, isDefault, workspaceRole, ...key }) => [
      tokenHmac,
      {
        ...key,
        workspace: { isDefault, role: workspaceRole },
        expiresAtMs: Math.min(expiresAt.getTime(), keyExpiresAt?.getTime() ?? Number.POSITIVE_INFINITY),
      },
    ]),
  );
}

/** Whether a key stands for a sign-in on a device, for as long as it lives. */
export async function isKeyOfDeviceOn(queries: Pick<Queries, "select">, apiKeyId: string): Promise<boolean> {
  const id = { id: apiKeys.id };
  const ofTokens = queries.select(id).from(deviceTokens).innerJoin(apiKeys, eq(apiKeys.id, deviceTokens.apiKeyId));
  // Before its first tokens.
  const ofGrants = queries.select(id).from(deviceGrants).innerJoin(apiKeys, eq(apiKeys.id, deviceGrants.apiKeyId));
  const rows = await unionAll(ofTokens.where(eq(apiKeys.id, apiKeyId)), ofGrants.where(eq(apiKeys.id, apiKeyId))).limit(1);
  return rows.length > 0;
}

/** Ends all that a person has signed in without a browser; returns the ids of the keys that stood for it. */
export async function endDeviceSignInsOn(queries: Queries, userId: string): Promise<readonly string[]> {
  const standing = queries.select({ id: deviceTokens.apiKeyId }).from(deviceTokens);
  // Agreed to, and not fetched yet.
  const granted = queries.select({ id: deviceGrants.apiKeyId }).from(deviceGrants).where(isNotNull(deviceGrants.apiKeyId));
  const ended = await queries
    .update(apiKeys)
    .set({ status: "archived" })
    .where(
      and(
        eq(apiKeys.createdByUserId, userId),
        ne(apiKeys.status, "archived"),
        or(inArray(apiKeys.id, standing), inArray(apiKeys.id, granted)),
      ),
    )
    .returning({ id: apiKeys.id });
  return ended.map(({ id }) => id);
}

/** Forgets what is over. */
export function sweepDeviceSignIn(storage: Storage, nowMs: number): Promise<void> {
  return storage.run({ operation: "sweep device sign-in", repeatable: true }, async (database) => {
    const now = new Date(nowMs);
    await database.delete(deviceGrants).where(lt(deviceGrants.expiresAt, now));
    const over = database.select({ id: deviceTokens.tokenHmac }).from(deviceTokens).where(lt(deviceTokens.expiresAt, now));
    await database.delete(deviceTokens).where(inArray(deviceTokens.tokenHmac, over.limit(SWEPT_MAX)));
  });
}

const SWEPT_MAX = 10_000;

function pending(userCodeHmac: string, nowMs: number) {
  return and(
    eq(deviceGrants.userCodeHmac, userCodeHmac),
    eq(deviceGrants.status, "pending"),
    gt(deviceGrants.expiresAt, new Date(nowMs)),
  );
}
