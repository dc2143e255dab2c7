import { z } from "zod";

/** A page of time buckets, as the reports give it. */
const bucketsOf = <Result extends z.ZodType>(result: Result) =>
  z.strictObject({
    data: z.array(z.strictObject({ starting_at: z.string(), ending_at: z.string(), results: z.array(result) })),
    has_more: z.boolean(),
    next_page: z.string().nullable(),
  });

const tokens = z.int().min(0);

/** Each dimension is null unless the report is grouped by it; a workspace also for the default one. */
export const MessagesUsageReport = bucketsOf(
  z.strictObject({
    uncached_input_tokens: tokens,
    cache_creation: z.strictObject({ ephemeral_1h_input_tokens: tokens, ephemeral_5m_input_tokens: tokens }),
    cache_read_input_tokens: tokens,
    output_tokens: tokens,
    server_tool_use: z.strictObject({ web_search_requests: tokens }),
    api_key_id: z.string().nullable(),
    workspace_id: z.string().nullable(),
    model: z.string().nullable(),
    service_tier: z.string().nullable(),
    context_window: z.string().nullable(),
    inference_geo: z.string().nullable(),
  }),
).meta({ id: "MessagesUsageReport" });

export const CostReport = bucketsOf(
  z.strictObject({
    currency: z.literal("USD"),
    /** Cents, as a decimal string. */
    amount: z.string(),
    workspace_id: z.string().nullable(),
    description: z.string().nullable(),
    cost_type: z.enum(["tokens", "web_search"]).nullable(),
    token_type: z.string().nullable(),
    model: z.string().nullable(),
    service_tier: z.string().nullable(),
    context_window: z.string().nullable(),
    inference_geo: z.string().nullable(),
  }),
).meta({ id: "CostReport" });

const toolActions = z.strictObject({ accepted: tokens, rejected: tokens });

/** What Claude Code did on a day, by key. Requests tell sessions and tokens; what happens on the user's machine reads 0. */
export const ClaudeCodeUsageReport = z
  .strictObject({
    data: z.array(
      z.strictObject({
        date: z.string(),
        actor: z.strictObject({ type: z.literal("api_actor"), api_key_name: z.string() }),
        organization_id: z.string(),
        customer_type: z.literal("api"),
        terminal_type: z.string().nullable(),
        core_metrics: z.strictObject({
          num_sessions: tokens,
          lines_of_code: z.strictObject({ added: tokens, removed: tokens }),
          commits_by_claude_code: tokens,
          pull_requests_by_claude_code: tokens,
        }),
        tool_actions: z.strictObject({
          edit_tool: toolActions,
          multi_edit_tool: toolActions,
          write_tool: toolActions,
          notebook_edit_tool: toolActions,
        }),
        model_breakdown: z.array(
          z.strictObject({
            model: z.string(),
            tokens: z.strictObject({ input: tokens, output: tokens, cache_read: tokens, cache_creation: tokens }),
            /** Whole cents, rounded up. */
            estimated_cost: z.strictObject({ currency: z.literal("USD"), amount: z.int().min(0) }),
          }),
        ),
      }),
    ),
    has_more: z.boolean(),
    next_page: z.string().nullable(),
  })
  .meta({ id: "ClaudeCodeUsageReport" });

export type MessagesUsageReport = z.infer<typeof MessagesUsageReport>;
export type CostReport = z.infer<typeof CostReport>;
export type ClaudeCodeUsageReport = z.infer<typeof ClaudeCodeUsageReport>;
