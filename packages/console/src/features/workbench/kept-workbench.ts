import {
  Citation,
  ConsolePrompt,
  ConsolePromptCase,
  ConsolePromptContent,
  ServerToolResultBlock,
  StopReason,
} from "@parley/wire";
import { z } from "zod";
import { readTab, writeTab } from "../../app/tab-memory.ts";
import type { Turn } from "./settings.ts";

const NAME = "parley.workbench";

const call = { id: z.string(), name: z.string(), json: z.string() };
const block = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text: z.string(), citations: z.array(Citation).readonly() }),
  z.object({ type: z.literal("thinking"), thinking: z.string(), signature: z.string() }),
  z.object({ type: z.literal("redacted_thinking"), data: z.string() }),
  z.object({ type: z.literal("tool_use"), ...call }),
  z.object({ type: z.literal("server_tool_use"), ...call }),
  z.object({ type: z.literal("mcp_tool_use"), server_name: z.string(), ...call }),
  z.object({ type: z.literal("server_tool_result"), block: ServerToolResultBlock }),
]);

const turn = z.discriminatedUnion("role", [
  z.object({
    id: z.int(),
    role: z.literal("user"),
    text: z.string(),
    results: z.array(z.object({ id: z.string(), content: z.string() })).readonly(),
    attachments: z
      .array(
        z.object({
          id: z.string(),
          name: z.string(),
          bytes: z.number(),
          kind: z.enum(["image", "pdf", "text"]),
          mediaType: z.string(),
          data: z.string(),
        }),
      )
      .readonly()
      .optional(),
  }),
  z.object({
    id: z.int(),
    role: z.literal("assistant"),
    reply: z.object({
      model: z.string().nullable(),
      blocks: z.array(block).readonly(),
      stopReason: StopReason.nullable(),
      inputTokens: z.number(),
      cacheReadTokens: z.number(),
      cacheWriteTokens: z.number(),
      outputTokens: z.number(),
      deltas: z.number(),
      startedAtMs: z.number(),
      firstTokenAtMs: z.number().nullable(),
      endedAtMs: z.number().nullable(),
    }),
  }),
]) satisfies z.ZodType<Turn>;

const side = z.object({ content: ConsolePromptContent, turns: z.array(turn).readonly() });

const KeptWorkbench = z.object({
  /** Whose it is. */
  personId: z.string(),
  /** The model that the page's address asked for. */
  wantedModel: z.string().nullable(),
  workspaceId: z.string().nullable(),
  isComparing: z.boolean(),
  sides: z.object({ A: side, B: side }),
  values: z.record(z.string(), z.string()).readonly(),
  prompt: ConsolePrompt.nullable(),
  version: z.int().nullable(),
  cases: z.array(ConsolePromptCase).readonly(),
});
export type KeptWorkbench = z.infer<typeof KeptWorkbench>;

/** The Workbench as this person left it in this tab; null where there is none, and where another model is wanted now. */
export function readKeptWorkbench(personId: string, wantedModel: string | null): KeptWorkbench | null {
  const json = readTab(NAME);
  if (json === null) return null;
  const parsed = KeptWorkbench.safeParse(parseJson(json));
  if (!parsed.success || parsed.data.personId !== personId) return null;
  return wantedModel === null || wantedModel === parsed.data.wantedModel ? parsed.data : null;
}

/** Null: nothing may be kept. */
export const keepWorkbench = (kept: KeptWorkbench | null): void => writeTab(NAME, kept && JSON.stringify(kept));

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
