import { z } from "zod";

const CapabilitySupport = z.strictObject({ supported: z.boolean() }).meta({ id: "CapabilitySupport" });

export const ModelCapabilities = z
  .strictObject({
    batch: CapabilitySupport,
    citations: CapabilitySupport,
    code_execution: CapabilitySupport,
    context_management: z.strictObject({
      supported: z.boolean(),
      clear_thinking_20251015: CapabilitySupport.nullable(),
      clear_tool_uses_20250919: CapabilitySupport.nullable(),
      compact_20260112: CapabilitySupport.nullable(),
    }),
    effort: z.strictObject({
      supported: z.boolean(),
      low: CapabilitySupport,
      medium: CapabilitySupport,
      high: CapabilitySupport,
      max: CapabilitySupport,
      xhigh: CapabilitySupport.nullable(),
    }),
    image_input: CapabilitySupport,
    pdf_input: CapabilitySupport,
    server_tools: z.strictObject({
      supported: z.boolean(),
      code_execution: CapabilitySupport,
      web_search: CapabilitySupport,
    }),
    structured_outputs: CapabilitySupport,
    thinking: z.strictObject({
      supported: z.boolean(),
      types: z.strictObject({
        enabled: CapabilitySupport,
        adaptive: CapabilitySupport,
        disabled: CapabilitySupport,
        between_tools: CapabilitySupport,
      }),
    }),
  })
  .meta({ id: "ModelCapabilities" });

export const ModelLine = z.enum(["haiku", "sonnet", "opus", "fable", "mythos"]);
export const ModelLifecycle = z.enum(["active", "deprecated", "retired"]);

export const ModelInfo = z
  .strictObject({
    type: z.literal("model"),
    id: z.string(),
    display_name: z.string(),
    created_at: z.iso.datetime(),
    max_input_tokens: z.int().nullable(),
    max_tokens: z.int().nullable(),
    line: ModelLine.nullable(),
    lifecycle: ModelLifecycle,
    deprecated_at: z.string().nullable(),
    retires_at: z.string().nullable(),
    capabilities: ModelCapabilities.nullable(),
  })
  .meta({ id: "ModelInfo" });

/** `first_id` and `last_id` page with `before_id` and `after_id`. */
export const ModelPage = z
  .strictObject({
    data: z.array(ModelInfo),
    has_more: z.boolean(),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
  })
  .meta({ id: "ModelPage" });

export type ModelCapabilities = z.infer<typeof ModelCapabilities>;
export type ModelInfo = z.infer<typeof ModelInfo>;
export type ModelPage = z.infer<typeof ModelPage>;
