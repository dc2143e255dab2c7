import { asc, eq, sql } from "drizzle-orm";
import { creditGrants } from "./schema.ts";
import type { Queries, Storage } from "./storage.ts";

/** What ids of money begin with that is held for turns still to come. */
const AHEAD = "ahead_";

/** Money wanted for one turn. */
export interface WantedHold {
  /** Of the turn's request; or an id of the kind `ahead`, which the turn's row will name. */
  readonly requestId: string;
  readonly organizationId: string;
  readonly workspaceId: string;
  readonly apiKeyId: string;
  readonly userId: string | null;
  readonly nanoUsd: bigint;
}

export interface HoldPolicy {
  /** Whether credits must bear it. */
  readonly isPrepaid: boolean;
  /** The process that renews the hold. */
  readonly holder: string;
  readonly lapseMs: number;
}

export type SpendScope = "organization" | "workspace" | "api_key" | "user" | "usage_tier";
export type SpendPeriod = "daily" | "weekly" | "monthly";

export type HoldOutcome =
  | { readonly type: "held" }
  | { readonly type: "limit"; readonly scope: SpendScope; readonly period: SpendPeriod; readonly regainAtMs: number }
  | { readonly type: "credits" };

function toHoldInput(wanted: readonly WantedHold[]): string {
  return JSON.stringify(
    wanted.map((each) => ({
      request_id: each.requestId,
      organization_id: each.organizationId,
      workspace_id: each.workspaceId,
      api_key_id: each.apiKeyId,
      user_id: each.userId,
      amount: String(each.nanoUsd),
    })),
  );
}

/** Holds money for turns, in their order, each wholly or not at all; one statement, so that no two processes collide. */
export async function holdSpend(storage: Storage, wanted: readonly WantedHold[], policy: HoldPolicy): Promise<HoldOutcome[]> {
  const { rows } = await storage.run({ operation: "hold spend", repeatable: true }, (database) =>
    database.execute<{
      request_id: string;
      refused_by: SpendScope | "credits" | null;
      refused_period: SpendPeriod | null;
      regain_ms: string | null;
    }>(sql`
      select request_id, refused_by, refused_period, (extract(epoch from regain_at) * 1000)::bigint as regain_ms
      from hold_spend(${toHoldInput(wanted)}::json, ${policy.isPrepaid}, ${policy.holder}, ${policy.lapseMs}::bigint)`),
  );
  return rows.map((row): HoldOutcome => {
    if (row.refused_by === null) return { type: "held" };
    if (row.refused_by === "credits") return { type: "credits" };
    return { type: "limit", scope: row.refused_by, period: row.refused_period ?? "monthly", regainAtMs: Number(row.regain_ms) };
  });
}

/**
 * Holds money ahead, all of it or nothing: false where less than `spareNanoUsd` would be left of what a limit or the credits allow, so
 * that it never stands in the way of a turn that comes now.
 */
export async function holdSpendAhead(
  storage: Storage,
  wanted: readonly WantedHold[],
  { isPrepaid, holder, lapseMs, spareNanoUsd }: HoldPolicy & { readonly spareNanoUsd: bigint },
): Promise<boolean> {
  const { rows } = await storage.run({ operation: "hold spend ahead", repeatable: true }, (database) =>
    database.execute<{ refused_by: string | null }>(sql`
      select refused_by from hold_spend(${toHoldInput(wanted)}::json, ${isPrepaid}, ${holder}, ${lapseMs}::bigint, ${spareNanoUsd}::bigint)`),
  );
  return rows.every((row) => row.refused_by === null);
}

/** Those whose turns count towards one limit: of an organization, or of the one part of it that is named. */
export type Payers = Pick<WantedHold, "organizationId"> & Partial<Pick<WantedHold, "workspaceId" | "apiKeyId" | "userId">>;

/** Whether any process has held money ahead for some of these in the last `withinMs`. */
export async function isSpendHeldAhead(
  storage: Storage,
  { organizationId, workspaceId, apiKeyId, userId }: Payers,
  { lapseMs, withinMs }: { readonly lapseMs: number; readonly withinMs: number },
): Promise<boolean> {
  const { rows } = await storage.run({ operation: "look for spend held ahead", repeatable: true }, (database) =>
    database.execute<{ is_held: boolean }>(sql`
      select exists (
        select from spend_holds
        where organization_id = ${organizationId} and workspace_id = coalesce(${workspaceId ?? null}, workspace_id)
          and api_key_id = coalesce(${apiKeyId ?? null}, api_key_id) and (${userId ?? null}::text is null or user_id = ${userId ?? null})
          and request_id like ${`${AHEAD}%`}
          and expires_at > clock_timestamp() + ${lapseMs - withinMs}::bigint * interval '1 millisecond'
      ) as is_held`),
  );
  return rows[0]?.is_held === true;
}

/** Gives back what is held for turns that will not be recorded. */
export async function releaseSpend(storage: Storage, requestIds: readonly string[]): Promise<void> {
  await storage.run({ operation: "release spend", repeatable: true }, (database) =>
    database.execute(sql`select release_spend(array(select json_array_elements_text(${JSON.stringify(requestIds)}::json)))`),
  );
}

/** Keeps the holds of turns that run from lapsing. */
export async function renewSpendHolds(storage: Storage, requestIds: readonly string[], lapseMs: number): Promise<void> {
  // One that is locked is being ended: to wait for it could be to wait in a circle.
  await storage.run({ operation: "renew spend holds", repeatable: true }, (database) =>
    database.execute(sql`
      update spend_holds set expires_at = greatest(
        clock_timestamp() + ${lapseMs}::bigint * interval '1 millisecond', expires_at + interval '1 millisecond')
      where request_id in (
        select request_id from spend_holds
        where request_id in (select json_array_elements_text(${JSON.stringify(requestIds)}::json)) for update skip locked)`),
  );
}

/** A hold as it was seen. That its turn runs shows in that its expiry moves on, whatever the database's clock says. */
export interface SeenHold {
  readonly requestId: string;
  /** In the database's own words. */
  readonly expiry: string;
}

export async function listSpendHolds(storage: Storage): Promise<SeenHold[]> {
  const { rows } = await storage.run({ operation: "list spend holds", repeatable: true }, (database) =>
    database.execute<{ request_id: string; expiry: string }>(sql`select request_id, expires_at::text as expiry from spend_holds`),
  );
  return rows.map((row) => ({ requestId: row.request_id, expiry: row.expiry }));
}

/** Gives back what is held for turns that nobody runs any more; one that was renewed meanwhile stays. */
export async function dropLapsedHolds(storage: Storage, lapsed: readonly SeenHold[]): Promise<void> {
  const seen = lapsed.map(({ requestId, expiry }) => ({ request_id: requestId, expiry }));
  await storage.run({ operation: "drop lapsed spend holds", repeatable: true }, (database) =>
    database.execute(sql`
      select release_spend(array(
        select h.request_id from spend_holds h
        join json_to_recordset(${JSON.stringify(seen)}::json) as seen(request_id text, expiry timestamptz) using (request_id)
        where h.expires_at = seen.expiry))`),
  );
}

export interface NewSpendAccount {
  readonly organizationId: string;
  readonly signup: { readonly id: string; readonly nanoUsd: bigint };
  /** The monthly cap of the organization's tier; null: none. */
  readonly cap: { readonly id: string; readonly nanoUsd: bigint } | null;
}

/** Opens an organization's account with its first credit; doing it again changes nothing. */
export async function openSpendAccount(storage: Storage, { organizationId, signup, cap }: NewSpendAccount): Promise<void> {
  await storage.run({ operation: "open spend account", repeatable: true }, (database) =>
    database.execute(
      sql`select open_spend_account(${organizationId}, ${signup.id}, ${signup.nanoUsd}::bigint, ${cap?.id ?? null}, ${cap?.nanoUsd ?? null}::bigint)`,
    ),
  );
}

export interface NewCreditGrant {
  readonly id: string;
  readonly organizationId: string;
  readonly kind: "grant" | "purchase";
  readonly reference: string;
  readonly nanoUsd: bigint;
  readonly expiresAtMs: number | null;
}

/** False: this reference was granted before. */
export function grantCredits(storage: Storage, grant: NewCreditGrant): Promise<boolean> {
  return storage.run({ operation: "grant credits", repeatable: true }, (database) => grantCreditsOn(database, grant));
}

export async function grantCreditsOn(queries: Pick<Queries, "execute">, grant: NewCreditGrant): Promise<boolean> {
  const expiresAt = grant.expiresAtMs === null ? null : new Date(grant.expiresAtMs).toISOString();
  const { rows } = await queries.execute<{ is_new: boolean }>(
    sql`select grant_credits(${grant.id}, ${grant.organizationId}, ${grant.kind}, ${grant.reference}, ${grant.nanoUsd}::bigint,
      ${expiresAt}::timestamptz) as is_new`,
  );
  return rows[0]?.is_new === true;
}

/** Every grant of an organization, oldest first. */
export function listCreditGrants(storage: Storage, organizationId: string): Promise<(typeof creditGrants.$inferSelect)[]> {
  return storage.run({ operation: "list credits", repeatable: true }, (database) =>
    database
      .select()
      .from(creditGrants)
      .where(eq(creditGrants.organizationId, organizationId))
      .orderBy(asc(creditGrants.grantedAt), asc(creditGrants.id)),
  );
}

export interface SpendAccount {
  readonly organizationId: string;
  /** All that was ever charged, and all that was ever paid in. */
  readonly chargedNanoUsd: bigint;
  readonly depositedNanoUsd: bigint;
}

export async function listSpendAccounts(storage: Storage): Promise<SpendAccount[]> {
  const { rows } = await storage.run({ operation: "list spend accounts", repeatable: true }, (database) =>
    database.execute<{ organization_id: string; charged: string; deposited: string }>(sql`
      select a.organization_id, a.charged_nano_usd::text as charged, coalesce((
        select sum(g.amount_nano_usd) from credit_grants g where g.organization_id = a.organization_id and g.kind = 'purchase'
      ), 0)::text as deposited
      from spend_accounts a order by a.organization_id`),
  );
  return rows.map((row) => ({
    organizationId: row.organization_id,
    chargedNanoUsd: BigInt(row.charged),
    depositedNanoUsd: BigInt(row.deposited),
  }));
}

/** Credits that are left, less what is owed and held; negative when more was charged than there was. */
export async function creditBalance(storage: Storage, organizationId: string): Promise<bigint> {
  const { rows } = await storage.run({ operation: "credit balance", repeatable: true }, (database) =>
    database.execute<{ balance: string }>(sql`select credit_balance(${organizationId})::text as balance`),
  );
  return BigInt(rows[0]?.balance ?? 0);
}
