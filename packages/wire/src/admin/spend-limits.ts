import { z } from "zod";

export const SpendLimitPeriod = z.enum(["daily", "weekly", "monthly"]);
export type SpendLimitPeriod = z.infer<typeof SpendLimitPeriod>;

export const SpendLimitScopeType = z.enum(["organization", "workspace", "api_key", "user", "usage_tier"]);
export type SpendLimitScopeType = z.infer<typeof SpendLimitScopeType>;

const OrganizationScope = z.strictObject({ type: z.literal("organization") });
const WorkspaceScope = z.strictObject({ type: z.literal("workspace"), workspace_id: z.string() });
const UserScope = z.strictObject({ type: z.literal("user"), user_id: z.string() });
/** Parley's own: the platform keeps the limits of keys to its Console. */
const ApiKeyScope = z.strictObject({ type: z.literal("api_key"), api_key_id: z.string() });

export const SpendLimitScope = z.discriminatedUnion("type", [
  OrganizationScope,
  WorkspaceScope,
  ApiKeyScope,
  UserScope,
  z.strictObject({ type: z.literal("usage_tier") }),
]);
export type SpendLimitScope = z.infer<typeof SpendLimitScope>;

export const SpendLimit = z
  .strictObject({
    id: z.string(),
    type: z.literal("spend_limit"),
    /** Cents, as a decimal string; null: no cap at this scope. */
    amount: z.string().nullable(),
    currency: z.literal("USD"),
    period: SpendLimitPeriod,
    scope: SpendLimitScope,
    is_enabled: z.boolean(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: "SpendLimit" });
export type SpendLimit = z.infer<typeof SpendLimit>;

export const SpendLimitPage = z
  .strictObject({ data: z.array(SpendLimit), next_page: z.string().nullable() })
  .meta({ id: "SpendLimitPage" });

export const SpendLimitSetRequest = z
  .strictObject({
    /** Whole cents: "50000" is 500 dollars. */
    amount: z
      .string()
      .regex(/^\d{1,11}$/)
      .nullable(),
    scope: z.discriminatedUnion("type", [OrganizationScope, WorkspaceScope, ApiKeyScope, UserScope]),
    /** Left out: monthly. */
    period: SpendLimitPeriod.optional(),
  })
  .meta({ id: "SpendLimitSetRequest" });
export type SpendLimitSetRequest = z.infer<typeof SpendLimitSetRequest>;

export const SpendLimitDeleted = z
  .strictObject({ id: z.string(), type: z.literal("spend_limit_deleted") })
  .meta({ id: "SpendLimitDeleted" });

const UserActor = z.strictObject({
  type: z.literal("user_actor"),
  user_id: z.string(),
  name: z.string().nullable(),
  email_address: z.string().nullable(),
  deleted: z.boolean(),
});

/** What one member may spend in a period, and has. */
export const SpendSummary = z
  .strictObject({
    actor: UserActor,
    amount: z.string().nullable(),
    currency: z.literal("USD"),
    period: SpendLimitPeriod,
    /** Cents with up to three decimals. */
    period_to_date_spend: z.string(),
    scope: SpendLimitScope,
    /** Where the limit comes from. */
    source: SpendLimitScope,
    spend_limit_id: z.string(),
  })
  .meta({ id: "SpendSummary" });
export type SpendSummary = z.infer<typeof SpendSummary>;

export const SpendSummaryPage = z
  .strictObject({ data: z.array(SpendSummary), next_page: z.string().nullable() })
  .meta({ id: "SpendSummaryPage" });

export const SpendIncreaseStatus = z.enum(["pending", "approved", "denied"]);

export const SpendIncreaseRequest = z
  .strictObject({
    id: z.string(),
    type: z.literal("spend_limit_increase_request"),
    actor: UserActor,
    created_at: z.iso.datetime(),
    period: SpendLimitPeriod,
    status: SpendIncreaseStatus,
    resolved_at: z.iso.datetime().nullable(),
    resolved_by: UserActor.or(
      z.strictObject({ type: z.literal("scoped_api_key_actor"), scoped_api_key_id: z.string() }),
    ).nullable(),
    /** Of a pending request whose member has a limit. */
    spend_summary: SpendSummary.nullable(),
  })
  .meta({ id: "SpendIncreaseRequest" });
export type SpendIncreaseRequest = z.infer<typeof SpendIncreaseRequest>;

export const SpendIncreaseRequestPage = z
  .strictObject({ data: z.array(SpendIncreaseRequest), next_page: z.string().nullable() })
  .meta({ id: "SpendIncreaseRequestPage" });

/** An approved request, with the limit that it made. */
export const SpendIncreaseApproved = z
  .strictObject({ ...SpendIncreaseRequest.shape, spend_limit: SpendLimit.nullable() })
  .meta({ id: "SpendIncreaseApproved" });

export const SpendIncreaseApproveRequest = z
  .strictObject({
    /** Whole cents. */
    amount: z.string().regex(/^\d{1,11}$/),
    /** Left out: the period that was asked for. */
    period: SpendLimitPeriod.nullish(),
    /** Parley sends no mail, so there is nothing to hold back. */
    suppress_notification: z.boolean().optional(),
  })
  .meta({ id: "SpendIncreaseApproveRequest" });

export const SpendIncreaseDenyRequest = z
  .strictObject({ suppress_notification: z.boolean().optional() })
  .meta({ id: "SpendIncreaseDenyRequest" });

/** Parley's own: a limit of any scope, and what its period has come to. */
export const SpendProgressPage = z
  .strictObject({
    data: z.array(
      z.strictObject({
        spend_limit: SpendLimit,
        /** Cents, as a decimal string. */
        period_to_date_spend: z.string(),
      }),
    ),
    next_page: z.string().nullable(),
  })
  .meta({ id: "SpendProgressPage" });
export type SpendProgress = z.infer<typeof SpendProgressPage>["data"][number];

/** What a signed-in person may spend, has spent, and has asked for. */
export const ConsoleSpend = z
  .strictObject({
    type: z.literal("console_spend"),
    limits: z.array(SpendSummary),
    /** Newest first. */
    increase_requests: z.array(SpendIncreaseRequest),
  })
  .meta({ id: "ConsoleSpend" });

export const ConsoleSpendIncreaseRequest = z
  .strictObject({ period: SpendLimitPeriod })
  .meta({ id: "ConsoleSpendIncreaseRequest" });
