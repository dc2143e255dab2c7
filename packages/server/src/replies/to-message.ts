import type { Citation, ContentBlock, Diagnostics, Message, ToolUseBlock } from "@parley/wire";
import type { BlockStart, CacheMissReason, TurnEvent } from "../turn/turn-event.ts";
import { completedMembers } from "../turn/completed-members.ts";
import type { ReplyContext } from "./reply-context.ts";
import { toCitation } from "./to-citation.ts";
import { toUsage } from "./to-usage.ts";

type EndEvent = Extract<TurnEvent, { type: "end" }>;

/** A message without content, as `message_start` carries it. */
export function toEmptyMessage(event: Extract<TurnEvent, { type: "start" }>, context: ReplyContext): Message {
  // The platform's streams begin with one token counted, except where none may be decoded.
  const outputTokens = context.maxTokens === 0 ? 0 : Math.max(1, event.usage.outputTokens);
  const diagnostics =
    event.cacheMissReason === undefined
      ? { cache_miss_reason: null } // "still pending", in the words of the client's types
      : toDiagnostics(event.cacheMissReason);
  return {
    ...frame(context, event),
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    diagnostics: context.diagnostics ? diagnostics : null,
    usage: toUsage({ ...event, usage: { ...event.usage, outputTokens } }, context),
  };
}

/** The message that was passed on, byte for byte; null where the reply is our own. */
export function wireMessage(events: readonly TurnEvent[]): string | null {
  const end = events.at(-1);
  return end?.type === "end" ? (end.message ?? null) : null;
}

/** The whole reply of a turn that has ended. */
export function toMessage(events: readonly TurnEvent[], context: ReplyContext): Message {
  const end = events.at(-1);
  if (end?.type !== "end") throw new Error("a turn's last event is its end");
  if (end.message !== undefined) return JSON.parse(end.message) as Message;
  return {
    ...frame(context, events[0]),
    container: toContainer(end, context),
    content: toContent(events, context),
    stop_reason: end.stopReason,
    stop_sequence: end.stopSequence,
    stop_details: toStopDetails(end),
    diagnostics: context.diagnostics ? toDiagnostics(end.cacheMissReason) : null,
    usage: toUsage(end, context),
    ...contextManagementField(context),
  };
}

/** A turn that others than the model asked for answered carries their name. */
function frame(context: ReplyContext, first: TurnEvent | undefined) {
  const fallback = first?.type === "start" ? first.fallback : undefined;
  return {
    id: context.messageId,
    type: "message" as const,
    role: "assistant" as const,
    model: fallback?.to ?? context.model,
    container: null,
  };
}

interface OpenBlock {
  readonly start: BlockStart;
  text: string;
  signature: string;
  readonly citations: Citation[];
  summary: string | null;
  stopped: boolean;
}

function toContent(events: readonly TurnEvent[], context: ReplyContext): ContentBlock[] {
  const blocks = new Map<number, OpenBlock>();
  for (const event of events) {
    if (event.type === "block-start") {
      blocks.set(event.index, { start: event.block, text: "", signature: "", citations: [], summary: null, stopped: false });
      continue;
    }
    const block = "index" in event ? blocks.get(event.index) : undefined;
    if (!block) continue;
    if (event.type === "text-delta") block.text += event.text;
    else if (event.type === "citation") block.citations.push(toCitation(event.citation, context));
    else if (event.type === "thinking-delta") block.text += event.thinking;
    else if (event.type === "input-json-delta") block.text += event.partialJson;
    else if (event.type === "signature-delta") block.signature = event.signature;
    else if (event.type === "compaction-delta") block.summary = event.content;
    else if (event.type === "block-stop") block.stopped = true;
  }
  return [...blocks.values()].map((block) => toContentBlock(block, context));
}

function toContentBlock({ start, text, signature, citations, summary, stopped }: OpenBlock, context: ReplyContext): ContentBlock {
  switch (start.type) {
    case "text":
      return { type: "text", text, citations: citations.length > 0 ? citations : null };
    case "thinking":
      return { type: "thinking", thinking: context.thinkingDisplay === "omitted" ? "" : text, signature };
    case "tool_use":
      return {
        type: "tool_use",
        id: start.id,
        name: start.name,
        input: start.byProgram ? { ...start.byProgram.input } : toInput(text, stopped),
        caller: start.byProgram?.caller ?? { type: "direct" },
        ...toolsetField(start),
      };
    case "server_tool_use":
      return {
        type: "server_tool_use",
        id: start.id,
        name: start.name,
        input: start.byProgram ? { ...start.byProgram.input } : toInput(text, stopped),
        caller: start.byProgram?.caller ?? { type: "direct" },
      };
    case "mcp_tool_use":
      return {
        type: "mcp_tool_use",
        id: start.id,
        name: start.name,
        server_name: start.serverName,
        input: toInput(text, stopped),
      };
    case "server_tool_result":
    case "mcp_tool_listing":
      return start.block;
    case "compaction":
      return { type: "compaction", content: start.content ?? summary, encrypted_content: null };
    default:
      start satisfies never;
      throw new Error("unknown block");
  }
}

/** Only a toolset's members carry their family. */
export function toolsetField({ toolsetName }: Extract<BlockStart, { type: "tool_use" }>): Pick<ToolUseBlock, "toolset_name"> {
  return toolsetName === undefined ? {} : { toolset_name: toolsetName };
}

function toInput(json: string, isWhole: boolean): Record<string, unknown> {
  return isWhole ? parseInput(json) : completedMembers(json);
}

function parseInput(json: string): Record<string, unknown> {
  return json.trim() === "" ? {} : (JSON.parse(json) as Record<string, unknown>);
}

/** `stop_details`: only a refusal has any. */
export function toStopDetails(end: EndEvent): Message["stop_details"] {
  return end.stopReason === "refusal" ? { type: "refusal", category: null, explanation: end.refusal } : null;
}

/** The container where code ran, or the one that the request named. */
export function toContainer(end: EndEvent, context: ReplyContext): Message["container"] {
  const container = end.container ?? context.container;
  if (container === null) return null;
  const skills = context.skills.length === 0 ? null : [...context.skills];
  return { id: container.id, expires_at: new Date(container.expiresAtMs).toISOString(), skills };
}

/** Null when the cache missed nothing. */
function toDiagnostics(reason: CacheMissReason | null): Diagnostics | null {
  if (reason === null) return null;
  if ("missedInputTokens" in reason) {
    return { cache_miss_reason: { type: reason.type, cache_missed_input_tokens: reason.missedInputTokens } };
  }
  return { cache_miss_reason: { type: reason.type } };
}

/** Present where it was asked for, and null for other clients of the beta types. */
export function contextManagementField(context: ReplyContext): Pick<Message, "context_management"> {
  return context.contextManagement || context.beta ? { context_management: context.contextManagement } : {};
}
