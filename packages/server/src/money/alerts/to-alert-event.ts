import type { SpendAlertRow } from "../../storage/spend-alerts.ts";
import { formatCents } from "../nano-usd.ts";

/** What a webhook gets. Amounts are cents as text, as in spend limits. */
export function toAlertEvent(alert: SpendAlertRow) {
  return {
    type: alert.scopeType === "credits" ? "credits.exhausted" : "spend_limit.threshold_reached",
    timestamp: alert.createdAt.toISOString(),
    data: {
      id: alert.id,
      organization_id: alert.organizationId,
      scope: { type: alert.scopeType, id: alert.scopeId },
      period: alert.period,
      period_starts_at: alert.periodStart.toISOString(),
      threshold_percent: alert.thresholdPercent,
      amount: formatCents(alert.limitNanoUsd),
      spent: formatCents(alert.spentNanoUsd),
      currency: "USD",
    },
  };
}
