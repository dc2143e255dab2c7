import { z } from "zod";

/** What the newer reports may be broken out by. */
export const ANALYTICS_GROUPS = [
  "actor",
  "actor_type",
  "agent_id",
  "api_key_id",
  "claude_tag_category",
  "claude_tag_user_id",
  "context_window",
  "deployment_id",
  "environment_id",
  "inference_geo",
  "model",
  "organization_id",
  "product",
  "rbac_group_id",
  "service_tier",
  "session_id",
  "slack_channel_id",
  "speed",
  "user_profile_id",
  "workspace_id",
] as const;
export type AnalyticsGroup = (typeof ANALYTICS_GROUPS)[number];

const name = z.string().nullable();
const tokens = z.int().min(0);

/** Each is null unless the report is grouped by it. Of some dimensions Parley has nothing: they are null always. */
const group = {
  actor: z.strictObject({ type: z.literal("api_actor"), api_key_id: z.string() }).nullable(),
  actor_type: z.literal("api_actor").nullable(),
  agent_id: z.null(),
  api_key_id: name,
  claude_tag_category: z.null(),
  claude_tag_user_id: z.null(),
  context_window: name,
  deployment_id: z.null(),
  environment_id: z.null(),
  inference_geo: name,
  model: name,
  organization_id: z.null(),
  product: name,
  rbac_group_id: z.null(),
  service_tier: name,
  session_id: z.null(),
  slack_channel_id: z.null(),
  speed: z.literal("standard").nullable(),
  user_profile_id: z.null(),
  workspace_id: name,
} satisfies Record<AnalyticsGroup, z.ZodType>;

const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({
    data: z.array(item),
    has_more: z.boolean(),
    next_page: z.string().nullable(),
    data_refreshed_at: z.string().nullable(),
  });

export const AnalyticsUsagePage = pageOf(
  z.strictObject({
    starting_at: z.string(),
    ending_at: z.string(),
    group: z.strictObject(group),
    usage: z.strictObject({
      uncached_input_tokens: tokens,
      cache_creation: z.strictObject({ ephemeral_1h_input_tokens: tokens, ephemeral_5m_input_tokens: tokens }),
      cache_read_input_tokens: tokens,
      output_tokens: tokens,
      total_tokens: tokens,
      requests: tokens.nullable(),
      server_tool_use: z.strictObject({ web_search_requests: tokens }),
    }),
  }),
).meta({ id: "AnalyticsUsagePage" });

export const AnalyticsCostPage = pageOf(
  z.strictObject({
    starting_at: z.string(),
    ending_at: z.string(),
    group: z.strictObject({ ...group, cost_type: z.enum(["tokens", "web_search"]).nullable(), token_type: name }),
    cost: z.strictObject({
      currency: z.literal("USD"),
      /** Cents, as a decimal string. */
      amount: z.string(),
      list_amount: z.string(),
      requests: tokens.nullable(),
    }),
  }),
).meta({ id: "AnalyticsCostPage" });

export type AnalyticsUsagePage = z.infer<typeof AnalyticsUsagePage>;
export type AnalyticsCostPage = z.infer<typeof AnalyticsCostPage>;
