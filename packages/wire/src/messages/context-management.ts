import { z } from "zod";

const inputTokens = z.strictObject({ type: z.literal("input_tokens"), value: z.int().min(0) });
const toolUses = z.strictObject({ type: z.literal("tool_uses"), value: z.int().min(0) });

const ClearToolUsesEdit = z
  .strictObject({
    type: z.literal("clear_tool_uses_20250919"),
    trigger: z.discriminatedUnion("type", [inputTokens, toolUses]).optional(),
    keep: toolUses.optional(),
    clear_at_least: inputTokens.nullish(),
    exclude_tools: z.array(z.string()).nullish(),
    clear_tool_inputs: z.union([z.boolean(), z.array(z.string())]).nullish(),
  })
  .meta({ id: "ClearToolUsesEdit" });

const ClearThinkingEdit = z
  .strictObject({
    type: z.literal("clear_thinking_20251015"),
    keep: z
      .union([
        z.literal("all"),
        z.discriminatedUnion("type", [
          z.strictObject({ type: z.literal("thinking_turns"), value: z.int().min(1) }),
          z.strictObject({ type: z.literal("all") }),
        ]),
      ])
      .optional(),
  })
  .meta({ id: "ClearThinkingEdit" });

const CompactEdit = z
  .strictObject({
    type: z.literal("compact_20260112"),
    trigger: inputTokens.nullish(),
    instructions: z.string().nullish(),
    pause_after_compaction: z.boolean().optional(),
  })
  .meta({ id: "CompactEdit" });

export const ContextEdit = z
  .discriminatedUnion("type", [ClearToolUsesEdit, ClearThinkingEdit, CompactEdit])
  .meta({ id: "ContextEdit" });

export const ContextManagement = z.strictObject({ edits: z.array(ContextEdit).optional() }).meta({ id: "ContextManagement" });

export const AppliedEdit = z
  .discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("clear_tool_uses_20250919"),
      cleared_input_tokens: z.int(),
      cleared_tool_uses: z.int(),
    }),
    z.strictObject({
      type: z.literal("clear_thinking_20251015"),
      cleared_input_tokens: z.int(),
      cleared_thinking_turns: z.int(),
    }),
  ])
  .meta({ id: "AppliedEdit" });

export const ContextManagementResponse = z
  .strictObject({ applied_edits: z.array(AppliedEdit) })
  .meta({ id: "ContextManagementResponse" });

export type ContextEdit = z.infer<typeof ContextEdit>;
export type ContextManagement = z.infer<typeof ContextManagement>;
export type AppliedEdit = z.infer<typeof AppliedEdit>;
export type ContextManagementResponse = z.infer<typeof ContextManagementResponse>;
