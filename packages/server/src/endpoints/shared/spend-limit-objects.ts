import type { SpendIncreaseRequest, SpendLimit, SpendLimitScope, SpendSummary } from "@parley/wire";
import { formatCents } from "../../money/nano-usd.ts";
import type { IncreaseRequest } from "../../storage/spend-increase-requests.ts";
import { listUserSpend, type MemberSpend, type SpendLimitRow } from "../../storage/spend-limits.ts";
import type { Storage } from "../../storage/storage.ts";
import { encodeCursor, type TimeCursor } from "./page-query.ts";

const NANO_USD_PER_MILLICENT = 10_000n;

/** The next page of rows that were asked for with one more than `limit`. */
export function toSpendLimitCursor(rows: readonly SpendLimitRow[], limit: number): string | null {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return last ? encodeCursor({ at: last.createdAt.getTime(), id: last.id } satisfies TimeCursor) : null;
}

export function toSpendLimit(row: SpendLimitRow): SpendLimit {
  return {
    id: row.id,
    type: "spend_limit",
    amount: row.amountNanoUsd === null ? null : formatCents(row.amountNanoUsd),
    currency: "USD",
    period: row.period,
    scope: toScope(row),
    is_enabled: true,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

export function toSpendSummary({ limit, spentNanoUsd, user }: MemberSpend): SpendSummary {
  const scope = toScope(limit);
  return {
    actor: {
      type: "user_actor",
      user_id: limit.scopeId,
      name: user?.name ?? null,
      email_address: user?.email ?? null,
      deleted: user === null,
    },
    amount: limit.amountNanoUsd === null ? null : formatCents(limit.amountNanoUsd),
    currency: "USD",
    period: limit.period,
    // Three decimals at most, as the platform has it.
    period_to_date_spend: formatCents((spentNanoUsd / NANO_USD_PER_MILLICENT) * NANO_USD_PER_MILLICENT),
    scope,
    source: scope,
    spend_limit_id: limit.id,
  };
}

function toScope({ scopeType, scopeId }: SpendLimitRow): SpendLimitScope {
  switch (scopeType) {
    case "organization":
    case "usage_tier":
      return { type: scopeType };
    case "workspace":
      return { type: scopeType, workspace_id: scopeId };
    case "api_key":
      return { type: scopeType, api_key_id: scopeId };
    case "user":
      return { type: scopeType, user_id: scopeId };
    default:
      scopeType satisfies never;
      throw new Error("unknown scope");
  }
}

/** A request as the platform tells it; a pending one with what its member may spend, and has. */
export async function toIncreaseRequest(storage: Storage, { request, user }: IncreaseRequest): Promise<SpendIncreaseRequest> {
  const { organizationId, userId, period, resolvedByType, resolvedById } = request;
  const [summary] =
    request.status === "pending"
      ? await listUserSpend(storage, { organizationId, periods: [period], userIds: [userId], afterUserId: null, users: 1 })
      : [];
  return {
    id: request.id,
    type: "spend_limit_increase_request",
    actor: { type: "user_actor", user_id: userId, name: user.name, email_address: user.email, deleted: false },
    created_at: request.createdAt.toISOString(),
    period,
    status: request.status,
    resolved_at: request.resolvedAt?.toISOString() ?? null,
    resolved_by: resolvedById === null ? null : toResolver(resolvedByType, resolvedById),
    spend_summary: summary ? toSpendSummary(summary) : null,
  };
}

function toResolver(type: string | null, id: string): SpendIncreaseRequest["resolved_by"] {
  if (type === "user") return { type: "user_actor", user_id: id, name: null, email_address: null, deleted: false };
  return { type: "scoped_api_key_actor", scoped_api_key_id: id };
}
