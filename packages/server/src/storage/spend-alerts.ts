import { and, asc, desc, eq, inArray, sql } from "drizzle-orm";
import { spendAlertDeliveries, spendAlerts, users } from "./schema.ts";
import type { Storage } from "./storage.ts";

export type SpendAlertRow = typeof spendAlerts.$inferSelect;
export type SpendAlertDeliveryRow = typeof spendAlertDeliveries.$inferSelect;
export type AlertChannel = (typeof spendAlertDeliveries.$inferSelect)["channel"];

export interface DueDelivery {
  readonly alert: SpendAlertRow;
  readonly channel: AlertChannel;
  /** This one included. */
  readonly attempts: number;
}

/** As `recordSpendAlerts` has them. */
export const SPEND_ALERT_THRESHOLDS_PERCENT = [50, 80, 100] as const;

export interface ToldSpendAlert {
  readonly alert: SpendAlertRow;
  readonly deliveries: readonly SpendAlertDeliveryRow[];
}

/** The newest alerts of an organization, and how they were told. */
export function listSpendAlerts(storage: Storage, organizationId: string, limit: number): Promise<ToldSpendAlert[]> {
  return storage.run({ operation: "list spend alerts", repeatable: true }, async (database) => {
    const alerts = await database
      .select()
      .from(spendAlerts)
      .where(eq(spendAlerts.organizationId, organizationId))
      .orderBy(desc(spendAlerts.createdAt), desc(spendAlerts.id))
      .limit(limit);
    const ids = alerts.map(({ id }) => id);
    const deliveries =
      ids.length === 0
        ? []
        : await database
            .select()
            .from(spendAlertDeliveries)
            .where(inArray(spendAlertDeliveries.alertId, ids))
            .orderBy(asc(spendAlertDeliveries.channel));
    return alerts.map((alert) => ({ alert, deliveries: deliveries.filter(({ alertId }) => alertId === alert.id) }));
  });
}

/**
 * Writes down each threshold that has been reached in its period, and by which channels it is to be told: once, however many
 * nodes look at the same time. The last threshold counts from 99 % on, because a turn is held at its dearest first and so
 * the last cent of a limit is rarely spent.
 */
export async function recordSpendAlerts(storage: Storage, channels: readonly AlertChannel[], now: Date): Promise<void> {
  const at = now.toISOString();
  await storage.run({ operation: "record spend alerts", repeatable: true }, (database) =>
    database.execute(sql`
      with reached as (
        select l.organization_id, l.scope_type, l.scope_id, l.period, spend_period_start(l.period) as period_start,
          t.percent, l.amount_nano_usd as limit_nano_usd, s.spent
        from spend_limits l
        cross join lateral (select spent_in_period(l.organization_id, l.scope_type, l.scope_id, l.period) as spent) s
        cross join (values (50, 50), (80, 80), (100, 99)) t(percent, counts_from)
        where l.amount_nano_usd > 0 and s.spent >= l.amount_nano_usd::numeric * t.counts_from / 100
        union all
        select g.organization_id, 'credits', g.organization_id, null, max(g.granted_at), 100, sum(g.amount_nano_usd)::bigint,
          (sum(g.amount_nano_usd) - sum(g.remaining_nano_usd))::bigint
        from credit_grants g where g.expires_at is null or g.expires_at > now()
        group by g.organization_id having sum(g.remaining_nano_usd) <= sum(g.amount_nano_usd) / 100
      ), fresh as (
        insert into spend_alerts (id, organization_id, scope_type, scope_id, period, period_start, threshold_percent,
          limit_nano_usd, spent_nano_usd, created_at)
        select 'alert_' || replace(gen_random_uuid()::text, '-', ''), r.organization_id, r.scope_type, r.scope_id, r.period,
          r.period_start, r.percent, r.limit_nano_usd, r.spent, ${at}::timestamptz
        from reached r
        on conflict on constraint spend_alerts_once do nothing
        returning id
      )
      insert into spend_alert_deliveries (alert_id, channel, attempts, next_try_at)
      select f.id, c.channel, 0, ${at}::timestamptz
      from fresh f cross join json_array_elements_text(${JSON.stringify(channels)}::json) c(channel)`),
  );
}

/**
 * Takes deliveries that are due: nobody else gets one before its next try, `backoffMs` times the power of two of its attempts
 * from now and at most `backoffMaxMs`.
 */
export function takeDueDeliveries(
  storage: Storage,
  now: Date,
  { limit, backoffMs, backoffMaxMs }: { readonly limit: number; readonly backoffMs: number; readonly backoffMaxMs: number },
): Promise<DueDelivery[]> {
  const at = now.toISOString();
  // Not repeatable: of a claim whose answer was lost the next try comes.
  return storage.run({ operation: "take alert deliveries", repeatable: false }, async (database) => {
    const { rows } = await database.execute<{ alert_id: string; channel: AlertChannel; attempts: number }>(sql`
      update spend_alert_deliveries d
      set attempts = d.attempts + 1, next_try_at = ${at}::timestamptz
        + least(${backoffMaxMs}::float8, ${backoffMs}::float8 * power(2, least(d.attempts, 20))) * interval '1 millisecond'
      where (d.alert_id, d.channel) in (
        select alert_id, channel from spend_alert_deliveries where next_try_at <= ${at}::timestamptz
        order by next_try_at limit ${limit} for update skip locked)
      returning d.alert_id, d.channel, d.attempts`);
    const alerts = await database
      .select()
      .from(spendAlerts)
      .where(
        inArray(
          spendAlerts.id,
          rows.map((row) => row.alert_id),
        ),
      );
    return rows.flatMap((row) => {
      const alert = alerts.find(({ id }) => id === row.alert_id);
      return alert ? [{ alert, channel: row.channel, attempts: row.attempts }] : [];
    });
  });
}

/** It is sent, or with null given up. */
export async function endDelivery(
  storage: Storage,
  { alert, channel }: Pick<DueDelivery, "alert" | "channel">,
  sentAt: Date | null,
): Promise<void> {
  await storage.run({ operation: "end an alert delivery", repeatable: true }, (database) =>
    database
      .update(spendAlertDeliveries)
      .set({ nextTryAt: null, sentAt })
      .where(and(eq(spendAlertDeliveries.alertId, alert.id), eq(spendAlertDeliveries.channel, channel))),
  );
}

const MONEY_ROLES = ["admin", "billing", "owner", "primary_owner"] as const;

/** The addresses of those who look after an organization's money. */
export async function findMoneyAddresses(storage: Storage, organizationId: string): Promise<string[]> {
  const rows = await storage.run({ operation: "find who looks after money", repeatable: true }, (database) =>
    database
      .select({ email: users.email })
      .from(users)
      .where(and(eq(users.organizationId, organizationId), inArray(users.role, [...MONEY_ROLES])))
      .orderBy(asc(users.email)),
  );
  return rows.map((row) => row.email);
}
