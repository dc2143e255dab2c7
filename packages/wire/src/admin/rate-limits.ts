import { z } from "zod";

export const RateLimitGroupType = z.enum(["batch", "files", "model_group", "skills", "token_count", "web_search"]);

const group = z.discriminatedUnion("type", [
  z.strictObject({ id: z.string(), type: z.literal("model_group"), display_name: z.string() }),
  z.strictObject({ id: z.string(), type: RateLimitGroupType.exclude(["model_group"]) }),
]);

/** The newer dialect names the group, the older one only its type. */
const groupOfDialect = { group: group.optional(), group_type: RateLimitGroupType.optional() };

export const RateLimit = z
  .strictObject({
    type: z.literal("rate_limit"),
    id: z.string(),
    ...groupOfDialect,
    models: z.array(z.string()).nullable(),
    limits: z.array(z.strictObject({ type: z.string(), value: z.int().min(0) })),
  })
  .meta({ id: "RateLimit" });

export const WorkspaceRateLimit = z
  .strictObject({
    type: z.literal("workspace_rate_limit"),
    rate_limit_id: z.string(),
    workspace_id: z.string(),
    ...groupOfDialect,
    models: z.array(z.string()).nullable(),
    limits: z.array(
      z.strictObject({
        type: z.string(),
        value: z.int().min(0),
        org_limit: z.int().min(0).nullable(),
        source: z.strictObject({ type: z.enum(["workspace", "organization"]) }),
      }),
    ),
  })
  .meta({ id: "WorkspaceRateLimit" });

const cursorPageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ data: z.array(item), next_page: z.string().nullable() });

export const RateLimitPage = cursorPageOf(RateLimit).meta({ id: "RateLimitPage" });
export const WorkspaceRateLimitPage = cursorPageOf(WorkspaceRateLimit).meta({ id: "WorkspaceRateLimitPage" });

/** Null clears an override. */
export const WorkspaceRateLimitUpdateRequest = z
  .strictObject({
    limits: z
      .array(
        z.strictObject({
          type: z.enum([
            "fast_itpmca",
            "fast_otpm",
            "input_tokens_per_minute",
            "input_tokens_per_minute_cache_aware",
            "output_tokens_per_minute",
            "requests_per_minute",
            "tokens_per_day",
            "tokens_per_minute",
            "tool_uses_per_second",
          ]),
          value: z.int().min(0).max(100_000_000_000).nullable(),
        }),
      )
      .min(1)
      .max(100),
  })
  .meta({ id: "WorkspaceRateLimitUpdateRequest" });

/** Parley's own: how full the organization's buckets are. */
export const RateLimitUsage = z
  .strictObject({
    type: z.literal("rate_limit_usage"),
    /** Where the limits come from; null: this server's configuration. */
    tier: z.string().nullable(),
    data: z.array(
      z.strictObject({
        id: z.string(),
        group: z.strictObject({ type: z.enum(["model_group", "token_count"]), display_name: z.string() }),
        limits: z.array(
          z.strictObject({
            type: z.string(),
            value: z.int().min(0),
            /** What may be used at once; negative while more is owed than flows in. */
            remaining: z.int(),
            /** When it is full again. */
            full_at: z.iso.datetime(),
          }),
        ),
      }),
    ),
  })
  .meta({ id: "RateLimitUsage" });
export type RateLimitUsage = z.infer<typeof RateLimitUsage>;

export type RateLimit = z.infer<typeof RateLimit>;
export type WorkspaceRateLimit = z.infer<typeof WorkspaceRateLimit>;
