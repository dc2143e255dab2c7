import {
  type CacheControl,
  type ContentBlockParam,
  type MessageParam,
  SERVER_TOOL_RESULTS,
  type ServerToolName,
  type ToolResultBlockParam,
} from "@parley/wire";
import type { AnsweredProgram, ProgramCallResult, ToolResultBlock } from "../turn/turn.ts";
import { cacheTtl } from "./cache-ttl.ts";
import { refusal } from "./refuse.ts";
import { toModelCallId } from "./server-tool-results.ts";

/**
 * What programs in a container and the client say to each other in a conversation: nothing that the model sees. The wire's
 * rules have seen to it that each call belongs to a program that waited.
 */
export interface ProgramTalk {
  /** Whether a block is a call that a program made, or its result. */
  isOfProgram(block: ContentBlockParam): boolean;
  /** The programs that wait for what the request brings. */
  readonly answered: readonly AnsweredProgram[];
  /** In the places of their own results, which are not there yet. */
  readonly openResults: readonly ToolResultBlock[];
}

interface PlacedResult {
  readonly block: ToolResultBlockParam;
  readonly path: readonly (string | number)[];
}

export function findProgramTalk(messages: readonly MessageParam[]): ProgramTalk {
  /** Calls of code without a result so far. */
  const open = new Map<string, { readonly name: ServerToolName; readonly input: Readonly<Record<string, unknown>> }>();
  /** The call of code, by the id of the call that its program made. */
  const programs = new Map<string, string>();
  for (const block of messages.flatMap(assistantBlocks)) {
    if ((block.type === "tool_use" || block.type === "server_tool_use") && block.caller && block.caller.type !== "direct") {
      programs.set(block.id, block.caller.tool_id);
    } else if (block.type === "server_tool_use" && block.name === "code_execution") {
      open.set(block.id, { name: block.name, input: block.input });
    } else if ((SERVER_TOOL_RESULTS as readonly string[]).includes(block.type) && "tool_use_id" in block) {
      open.delete(String(block.tool_use_id));
    }
  }
  // What was told before the last reply has been told.
  const after = messages.findLastIndex(({ role }) => role === "assistant") + 1;
  const results = messages.slice(after).flatMap((message, offset) => toolResults(message, after + offset));
  const waiting = [...open].flatMap(([callId, call]) => {
    const own = results.filter(({ block }) => programs.get(block.tool_use_id) === callId);
    return own.length === 0 ? [] : [{ callId, ...call, own }];
  });
  return {
    isOfProgram: (block) =>
      ((block.type === "tool_use" || block.type === "server_tool_use") && programs.has(block.id)) ||
      ("tool_use_id" in block && programs.has(String(block.tool_use_id))),
    answered: waiting.map(({ own, ...program }): AnsweredProgram => ({ ...program, results: own.map(toResult) })),
    openResults: waiting.map(({ callId, own }) => ({
      type: "tool_result",
      toolUseId: toModelCallId(callId),
      isError: false,
      content: [],
      ...cacheTtl(own.reduce<CacheControl | null>((last, { block }) => block.cache_control ?? last, null)),
    })),
  };
}

function assistantBlocks({ role, content }: MessageParam): readonly ContentBlockParam[] {
  return role === "assistant" && Array.isArray(content) ? content : [];
}

function toolResults({ role, content }: MessageParam, at: number): readonly PlacedResult[] {
  if (role !== "user" || !Array.isArray(content)) return [];
  return (content as readonly ContentBlockParam[]).flatMap((block, index) =>
    block.type === "tool_result" ? [{ block, path: ["messages", at, "content", index, block.type] }] : [],
  );
}

function toResult({ block, path }: PlacedResult): ProgramCallResult {
  const content = typeof block.content === "string" ? [{ type: "text" as const, text: block.content }] : (block.content ?? []);
  const texts = content.map((each, index) => {
    if (each.type === "text") return each.text;
    throw refusal({ path: [...path, "content", index, each.type], text: "a program is given text alone" });
  });
  return { id: block.tool_use_id, text: texts.join("\n"), isError: block.is_error ?? false };
}
