import { z } from "zod";
import { PRINTABLE } from "../admin/page-of.ts";

/** Prompts that people of a workspace keep in the Console. They are Parley's own, not the platform's. */
const TEXT_MAX = 200_000;
/** Half of a surrogate pair is no text, and no database keeps it. */
const WELL_FORMED = /^\P{Surrogate}*$/u;
const source = z.string().max(TEXT_MAX).regex(WELL_FORMED);
const name = z.string().min(1).max(120).regex(PRINTABLE);

/** What the Workbench needs to show a prompt again. `{{name}}` in its texts is a variable. */
export const ConsolePromptContent = z
  .strictObject({
    model: z.string().max(200),
    system: source,
    /** The message that is sent. */
    message: source,
    max_tokens: z.int().min(1),
    temperature: z.number().min(0).max(1).nullable(),
    thinking: z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("off") }),
      z.strictObject({ type: z.literal("adaptive") }),
      z.strictObject({ type: z.literal("enabled"), budget_tokens: z.int().min(1) }),
    ]),
    /** As they were written: JSON, as a rule. */
    tools: source,
    output_schema: source,
    cache: z.strictObject({ tools: z.boolean(), system: z.boolean(), message: z.boolean(), ttl: z.enum(["5m", "1h"]) }),
    /** Left out by prompts of before: false. */
    citations: z.boolean().optional(),
  })
  .meta({ id: "ConsolePromptContent" });
export type ConsolePromptContent = z.infer<typeof ConsolePromptContent>;

/** One row of the table on which a prompt is tried. */
export const ConsolePromptCase = z
  .strictObject({
    id: z.string().min(1).max(64),
    values: z.record(z.string().max(100).regex(WELL_FORMED), source),
    /** Of the last run; null: it has not been run. */
    output: source.nullable(),
    output_tokens: z.int().min(0).nullable(),
    /** The version that was run; null: it was not saved. */
    version: z.int().min(1).nullable(),
    rating: z.int().min(1).max(5).nullable(),
  })
  .meta({ id: "ConsolePromptCase" });
export type ConsolePromptCase = z.infer<typeof ConsolePromptCase>;

const cases = z.array(ConsolePromptCase).max(100);

export const ConsolePromptCreateRequest = z
  .strictObject({ name, content: ConsolePromptContent, cases: cases.optional() })
  .meta({ id: "ConsolePromptCreateRequest" });
export type ConsolePromptCreateRequest = z.infer<typeof ConsolePromptCreateRequest>;

export const ConsolePromptUpdateRequest = z
  .strictObject({
    name: name.optional(),
    /** Becomes the newest version. */
    content: ConsolePromptContent.optional(),
    /** In place of those that there are. */
    cases: cases.optional(),
  })
  .meta({ id: "ConsolePromptUpdateRequest" });
export type ConsolePromptUpdateRequest = z.infer<typeof ConsolePromptUpdateRequest>;

export const ConsolePromptSummary = z
  .object({
    type: z.literal("console_prompt_summary"),
    id: z.string(),
    name: z.string(),
    /** The newest. */
    version: z.int(),
    updated_at: z.string(),
  })
  .meta({ id: "ConsolePromptSummary" });
export type ConsolePromptSummary = z.infer<typeof ConsolePromptSummary>;

export const ConsolePromptList = z
  .object({ data: z.array(ConsolePromptSummary) })
  .meta({ id: "ConsolePromptList", description: "Prompts of a workspace, the one changed last first." });

export const ConsolePrompt = z
  .object({
    type: z.literal("console_prompt"),
    id: z.string(),
    name: z.string(),
    updated_at: z.string(),
    /** The one whose content this is: the newest, or the one that was asked for. */
    version: z.int(),
    content: ConsolePromptContent,
    /** All that there are, newest first; `?version=` brings the content of another. */
    versions: z.array(z.object({ version: z.int(), created_at: z.string() })),
    cases,
  })
  .meta({ id: "ConsolePrompt" });
export type ConsolePrompt = z.infer<typeof ConsolePrompt>;

export const ConsolePromptDeleted = z
  .object({ type: z.literal("console_prompt_deleted"), id: z.string() })
  .meta({ id: "ConsolePromptDeleted" });
