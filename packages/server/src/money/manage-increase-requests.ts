import { fail } from "../platform/fail.ts";
import { newId } from "../platform/ids.ts";
import { changeAudited } from "../storage/audit-log.ts";
import type { SpendPeriod } from "../storage/spend.ts";
import {
  findIncreaseRequest,
  findIncreaseRequestOn,
  type IncreaseRequest,
  insertIncreaseRequestOn,
  resolveIncreaseRequestOn,
} from "../storage/spend-increase-requests.ts";
import { setSpendLimitOn, type SpendLimitRow } from "../storage/spend-limits.ts";
import { findUserOn } from "../storage/users.ts";
import { notFound } from "../tenancy/not-found.ts";
import { type Act, toAuditedAct, type TenancyDeps } from "../tenancy/tenancy-deps.ts";
import { formatCents } from "./nano-usd.ts";

const WHAT = "Spend limit increase request";

/** A member asks for a higher limit of a period. */
export function requestIncrease(
  deps: TenancyDeps,
  act: Act,
  { userId, period }: { readonly userId: string; readonly period: SpendPeriod },
): Promise<string> {
  const { organizationId } = act;
  return changeAudited(deps.storage, "request spend increase", toAuditedAct(deps, act), async (queries, record) => {
    if (!(await findUserOn(queries, organizationId, userId))) throw notFound("User", userId);
    const id = newId("slir");
    await insertIncreaseRequestOn(queries, {
      id,
      organizationId,
      userId,
      period,
      status: "pending",
      createdAt: new Date(deps.clock.nowMs()),
      resolvedAt: null,
      resolvedByType: null,
      resolvedById: null,
    });
    const target = { type: "spend_limit_increase_request", id };
    await record({ action: "spend_limit_increase_request.create", target, before: null, after: { user_id: userId, period } });
    return id;
  });
}

export async function getIncreaseRequest({ storage }: TenancyDeps, organizationId: string, id: string): Promise<IncreaseRequest> {
  const found = await findIncreaseRequest(storage, organizationId, id);
  if (!found) throw notFound(WHAT, id);
  return found;
}

export interface Approval {
  readonly amountNanoUsd: bigint;
  /** Null: the period that was asked for. */
  readonly period: SpendPeriod | null;
}

/** Gives the member the limit, in one transaction with the request's end. */
export function approveIncrease(
  deps: TenancyDeps,
  act: Act,
  id: string,
  approval: Approval,
): Promise<IncreaseRequest & { readonly limit: SpendLimitRow }> {
  const nowMs = deps.clock.nowMs();
  return changeAudited(deps.storage, "approve spend increase", toAuditedAct(deps, act), async (queries, record) => {
    const found = await findIncreaseRequestOn(queries, act.organizationId, id);
    if (!found) throw notFound(WHAT, id);
    if (found.request.status !== "pending") {
      throw fail("invalid_request_error", { public: `The request is already ${found.request.status}` });
    }
    const limit = await setSpendLimitOn(queries, {
      id: newId("spl"),
      organizationId: act.organizationId,
      scopeType: "user",
      scopeId: found.request.userId,
      period: approval.period ?? found.request.period,
      amountNanoUsd: approval.amountNanoUsd,
      nowMs,
    });
    const resolution = resolutionBy(act, "approved", nowMs);
    await resolveIncreaseRequestOn(queries, id, resolution);
    await record({
      action: "spend_limit_increase_request.approve",
      target: { type: "spend_limit_increase_request", id },
      before: { status: "pending" },
      after: { status: "approved", spend_limit_id: limit.id, period: limit.period, amount: formatCents(approval.amountNanoUsd) },
    });
    return { user: found.user, request: { ...found.request, ...resolution }, limit };
  });
}

/** Denying twice is fine; what was approved stays so. */
export function denyIncrease(deps: TenancyDeps, act: Act, id: string): Promise<IncreaseRequest> {
  const nowMs = deps.clock.nowMs();
  return changeAudited(deps.storage, "deny spend increase", toAuditedAct(deps, act), async (queries, record) => {
    const found = await findIncreaseRequestOn(queries, act.organizationId, id);
    if (!found) throw notFound(WHAT, id);
    if (found.request.status === "denied") return found;
    if (found.request.status === "approved") throw fail("invalid_request_error", { public: "The request is already approved" });
    const resolution = resolutionBy(act, "denied", nowMs);
    await resolveIncreaseRequestOn(queries, id, resolution);
    const target = { type: "spend_limit_increase_request", id };
    await record({
      action: "spend_limit_increase_request.deny",
      target,
      before: { status: "pending" },
      after: { status: "denied" },
    });
    return { user: found.user, request: { ...found.request, ...resolution } };
  });
}

function resolutionBy({ actor }: Act, status: "approved" | "denied", nowMs: number) {
  return { status, resolvedAt: new Date(nowMs), resolvedByType: actor.type, resolvedById: actor.id };
}
