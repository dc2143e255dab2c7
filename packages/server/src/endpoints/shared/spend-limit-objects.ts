import type { SpendLimit, SpendLimitScope, SpendSummary } from "@parley/wire";
import { formatCents } from "../../money/nano-usd.ts";
import type { MemberSpend, SpendLimitRow } from "../../storage/spend-limits.ts";

const NANO_USD_PER_MILLICENT = 10_000n;

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
