import { fail } from "../platform/fail.ts";
import { newId } from "../platform/ids.ts";
import { findApiKeyOn } from "../storage/api-keys.ts";
import { changeAudited } from "../storage/audit-log.ts";
import type { SpendPeriod } from "../storage/spend.ts";
import {
  deleteSpendLimitOn,
  findSpendLimit,
  findSpendLimitOfScopeOn,
  findSpendLimitOn,
  setSpendLimitOn,
  type SpendLimitRow,
} from "../storage/spend-limits.ts";
import type { Queries } from "../storage/storage.ts";
import { findUserOn } from "../storage/users.ts";
import { findWorkspaceOn } from "../storage/workspaces.ts";
import { notFound } from "../tenancy/not-found.ts";
import { type Act, toAuditedAct, type TenancyDeps } from "../tenancy/tenancy-deps.ts";
import { formatCents } from "./nano-usd.ts";

export type LimitedScope =
  | { readonly type: "organization" }
  | { readonly type: "workspace"; readonly workspaceId: string }
  | { readonly type: "api_key"; readonly apiKeyId: string }
  | { readonly type: "user"; readonly userId: string };

export interface SpendLimitSettings {
  readonly scope: LimitedScope;
  readonly period: SpendPeriod;
  /** Null: explicitly none. */
  readonly amountNanoUsd: bigint | null;
}

/** Sets the limit of a scope and period, in place where there is one. */
export function setOwnSpendLimit(
  deps: TenancyDeps,
  act: Act,
  { scope, period, amountNanoUsd }: SpendLimitSettings,
): Promise<SpendLimitRow> {
  const { organizationId } = act;
  return changeAudited(deps.storage, "set spend limit", toAuditedAct(deps, act), async (queries, record) => {
    const place = { organizationId, scopeType: scope.type, scopeId: await findScope(queries, organizationId, scope), period };
    const before = await findSpendLimitOfScopeOn(queries, place);
    const limit = await setSpendLimitOn(queries, { ...place, id: newId("spl"), amountNanoUsd, nowMs: deps.clock.nowMs() });
    await record({
      action: "spend_limit.set",
      target: { type: "spend_limit", id: limit.id },
      before: before && describe(before),
      after: describe(limit),
    });
    return limit;
  });
}

export async function getSpendLimit({ storage }: TenancyDeps, organizationId: string, id: string): Promise<SpendLimitRow> {
  const limit = await findSpendLimit(storage, organizationId, id);
  if (!limit) throw notFound("Spend limit", id);
  return limit;
}

export function deleteOwnSpendLimit(deps: TenancyDeps, act: Act, id: string): Promise<void> {
  return changeAudited(deps.storage, "delete spend limit", toAuditedAct(deps, act), async (queries, record) => {
    const limit = await findSpendLimitOn(queries, act.organizationId, id);
    if (!limit) throw notFound("Spend limit", id);
    if (limit.scopeType === "usage_tier") {
      throw fail("invalid_request_error", { public: "The limit of the usage tier cannot be deleted" });
    }
    await deleteSpendLimitOn(queries, id);
    await record({ action: "spend_limit.delete", target: { type: "spend_limit", id }, before: describe(limit), after: null });
  });
}

/** The id of what is limited, which must be the organization's own. */
async function findScope(queries: Queries, organizationId: string, scope: LimitedScope): Promise<string> {
  switch (scope.type) {
    case "organization":
      return organizationId;
    case "workspace":
      if (await findWorkspaceOn(queries, organizationId, scope.workspaceId)) return scope.workspaceId;
      throw notFound("Workspace", scope.workspaceId);
    case "api_key":
      if (await findApiKeyOn(queries, organizationId, scope.apiKeyId)) return scope.apiKeyId;
      throw notFound("API key", scope.apiKeyId);
    case "user":
      if (await findUserOn(queries, organizationId, scope.userId)) return scope.userId;
      throw notFound("User", scope.userId);
    default:
      scope satisfies never;
      throw new Error("unknown scope");
  }
}

function describe({ scopeType, scopeId, period, amountNanoUsd }: SpendLimitRow): Readonly<Record<string, unknown>> {
  return { scope: scopeType, scope_id: scopeId, period, amount: amountNanoUsd === null ? null : formatCents(amountNanoUsd) };
}
