import { z } from "zod";

/** Cents, as a decimal string. */
const Cents = z.string();

/** Parley's own: credits, and what each month came to. */
export const Billing = z
  .strictObject({
    type: z.literal("billing"),
    /** False: costs are recorded, and nothing is refused for money. */
    is_charging: z.boolean(),
    /** Turns need credits. */
    is_prepaid: z.boolean(),
    currency: z.literal("USD"),
    /** Credits that are left, less what is held for turns under way; negative where more was charged than there was. */
    balance: Cents,
    /** Newest first. */
    credit_grants: z.array(
      z.strictObject({
        id: z.string(),
        type: z.literal("credit_grant"),
        kind: z.enum(["signup", "grant", "purchase"]),
        reference: z.string(),
        amount: Cents,
        remaining: Cents,
        granted_at: z.iso.datetime(),
        expires_at: z.iso.datetime().nullable(),
      }),
    ),
    /** Those with a cost or a request, newest first. */
    months: z.array(z.strictObject({ month: z.string(), requests: z.int(), amount: Cents })),
  })
  .meta({ id: "Billing" });
export type Billing = z.infer<typeof Billing>;
