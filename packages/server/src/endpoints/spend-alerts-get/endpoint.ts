import { type SpendAlert, SpendAlerts } from "@parley/wire";
import { formatCents } from "../../money/nano-usd.ts";
import {
  findMoneyAddresses,
  listSpendAlerts,
  SPEND_ALERT_THRESHOLDS_PERCENT,
  type SpendAlertDeliveryRow,
  type ToldSpendAlert,
} from "../../storage/spend-alerts.ts";
import { defineEndpoint } from "../define-endpoint.ts";

const ALERTS_SHOWN = 50;

/** Parley's own, in the platform's manner. */
export const spendAlertsGet = defineEndpoint({
  name: "spend-alerts-get",
  summary: "Tell how spend alerts are sent, and the newest of them",
  method: "GET",
  path: "/v1/organizations/spend_alerts",
  permission: "admin",
  forBilling: true,
  reply: { schema: SpendAlerts },
  async handle({ admin: { organizationId } }, { tenancy: { storage }, charging, alertChannels }) {
    const { webhookOrigin, mailFrom } = alertChannels;
    const [alerts, to] = await Promise.all([
      listSpendAlerts(storage, organizationId, ALERTS_SHOWN),
      mailFrom === null ? [] : findMoneyAddresses(storage, organizationId),
    ]);
    const body: SpendAlerts = {
      type: "spend_alerts",
      is_charging: charging.isOn,
      thresholds_percent: [...SPEND_ALERT_THRESHOLDS_PERCENT],
      webhook: webhookOrigin === null ? null : { origin: webhookOrigin },
      mail: mailFrom === null ? null : { from: mailFrom, to },
      data: alerts.map(toSpendAlert),
    };
    return { kind: "json", body };
  },
});

function toSpendAlert({ alert, deliveries }: ToldSpendAlert): SpendAlert {
  return {
    id: alert.id,
    type: "spend_alert",
    event: alert.scopeType === "credits" ? "credits.exhausted" : "spend_limit.threshold_reached",
    scope: { type: alert.scopeType, id: alert.scopeId },
    period: alert.period,
    threshold_percent: alert.thresholdPercent,
    amount: formatCents(alert.limitNanoUsd),
    spent: formatCents(alert.spentNanoUsd),
    created_at: alert.createdAt.toISOString(),
    deliveries: deliveries.map((delivery) => ({
      channel: delivery.channel,
      status: statusOf(delivery),
      attempts: delivery.attempts,
      sent_at: delivery.sentAt?.toISOString() ?? null,
    })),
  };
}

function statusOf({ sentAt, nextTryAt }: SpendAlertDeliveryRow): SpendAlert["deliveries"][number]["status"] {
  if (sentAt !== null) return "sent";
  return nextTryAt === null ? "given_up" : "waiting";
}
