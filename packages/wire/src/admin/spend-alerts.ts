import { z } from "zod";

/** Cents, as a decimal string. */
const Cents = z.string();

export const SpendAlert = z
  .strictObject({
    id: z.string(),
    type: z.literal("spend_alert"),
    /** As a webhook names it. */
    event: z.enum(["spend_limit.threshold_reached", "credits.exhausted"]),
    scope: z.strictObject({ type: z.string(), id: z.string() }),
    /** Null: of credits. */
    period: z.enum(["daily", "weekly", "monthly"]).nullable(),
    threshold_percent: z.int(),
    amount: Cents,
    spent: Cents,
    created_at: z.iso.datetime(),
    deliveries: z.array(
      z.strictObject({
        channel: z.enum(["webhook", "mail"]),
        status: z.enum(["sent", "waiting", "given_up"]),
        attempts: z.int(),
        sent_at: z.iso.datetime().nullable(),
      }),
    ),
  })
  .meta({ id: "SpendAlert" });
export type SpendAlert = z.infer<typeof SpendAlert>;

/** Parley's own: how spend alerts are told, and the newest of them. */
export const SpendAlerts = z
  .strictObject({
    type: z.literal("spend_alerts"),
    /** False: nothing is charged, so no limit can be reached. */
    is_charging: z.boolean(),
    thresholds_percent: z.array(z.int()),
    /** Null: none is sent. Its secret and its path are not told. */
    webhook: z.strictObject({ origin: z.string() }).nullable(),
    /** Null: none is sent. */
    mail: z.strictObject({ from: z.string(), to: z.array(z.string()) }).nullable(),
    /** Newest first. */
    data: z.array(SpendAlert),
  })
  .meta({ id: "SpendAlerts" });
export type SpendAlerts = z.infer<typeof SpendAlerts>;
