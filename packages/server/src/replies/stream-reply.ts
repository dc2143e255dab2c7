import type { Caller, StreamEvent } from "@parley/wire";
import type { BlockStart, CallByProgram, TurnEvent, WireEvent } from "../turn/turn-event.ts";
import type { ReplyContext } from "./reply-context.ts";
import { toCitation } from "./to-citation.ts";
import { contextManagementField, toContainer, toEmptyMessage, toolsetField, toStopDetails } from "./to-message.ts";
import { toDeltaUsage } from "./to-usage.ts";

/** One count of the thinking so far, in tokens: the beta's increments are multiples of a fixed quantum. */
const THINKING_QUANTUM_TOKENS = 64;
const CHARACTERS_PER_TOKEN = 4;

const CALLS: ReadonlySet<BlockStart["type"]> = new Set(["tool_use", "server_tool_use", "mcp_tool_use"]);

type EventOf<Type extends TurnEvent["type"]> = Extract<TurnEvent, { type: Type }>;

/** An event of our own, or one that is passed on as it came. */
export type ReplyPart =
  | { readonly event: string; readonly data: StreamEvent }
  | { readonly event: string; readonly json: string };

/** Translates the events of one turn, in order, into the events of one stream. */
export interface StreamReply {
  push(event: TurnEvent): readonly ReplyPart[];
}

export function createStreamReply(context: ReplyContext): StreamReply {
  let pinged = false;
  // Thinking characters that no estimate has covered yet.
  let uncounted = 0;

  function start(event: EventOf<"start">): StreamEvent[] {
    return [{ type: "message_start", message: toEmptyMessage(event, context) }];
  }

  function blockStart(event: EventOf<"block-start">): StreamEvent[] {
    const events: StreamEvent[] = [
      { type: "content_block_start", index: event.index, content_block: toStartedBlock(event.block) },
    ];
    if (!pinged) events.push({ type: "ping" });
    pinged = true;
    uncounted = 0;
    // The platform opens each tool call with an empty piece, which makes clients show the call before its input comes.
    if (CALLS.has(event.block.type) && !isByProgram(event.block)) events.push(inputDelta(event.index, ""));
    return events;
  }

  function thinking(event: EventOf<"thinking-delta">): StreamEvent[] {
    if (context.thinkingDisplay === "summarized") {
      const estimate = context.thinkingTokenCount ? { estimated_tokens: null } : {};
      return [delta(event.index, { type: "thinking_delta", thinking: event.thinking, ...estimate })];
    }
    if (!context.thinkingTokenCount) return [];
    uncounted += event.thinking.length;
    const quanta = Math.floor(uncounted / (THINKING_QUANTUM_TOKENS * CHARACTERS_PER_TOKEN));
    if (quanta === 0) return [];
    uncounted -= quanta * THINKING_QUANTUM_TOKENS * CHARACTERS_PER_TOKEN;
    return [delta(event.index, { type: "thinking_delta", thinking: "", estimated_tokens: quanta * THINKING_QUANTUM_TOKENS })];
  }

  function end(event: EventOf<"end">): StreamEvent[] {
    return [
      {
        type: "message_delta",
        delta: {
          stop_reason: event.stopReason,
          stop_sequence: event.stopSequence,
          stop_details: toStopDetails(event),
          container: toContainer(event, context),
        },
        usage: toDeltaUsage(event, context),
        ...contextManagementField(context),
      },
      { type: "message_stop" },
    ];
  }

  function push(event: TurnEvent): readonly ReplyPart[] {
    switch (event.type) {
      case "wire":
        return event.events.map(passOn);
      case "start":
        return event.wire ? [passOn(event.wire)] : start(event).map(toPart);
      case "end":
        return event.wire ? event.wire.map(passOn) : end(event).map(toPart);
      default:
        return translate(event).map(toPart);
    }
  }

  function translate(event: Exclude<TurnEvent, { type: "wire" | "start" | "end" }>): readonly StreamEvent[] {
    switch (event.type) {
      case "step":
      case "tools-used":
        return [];
      case "progress":
        return []; // A waiting stream is kept alive by the door's idle ping.
      case "block-start":
        return blockStart(event);
      case "text-delta":
        return [delta(event.index, { type: "text_delta", text: event.text })];
      case "citation":
        return [delta(event.index, { type: "citations_delta", citation: toCitation(event.citation, context) })];
      case "thinking-delta":
        return thinking(event);
      case "signature-delta":
        return [delta(event.index, { type: "signature_delta", signature: event.signature })];
      case "input-json-delta":
        return event.partialJson === "" ? [] : [inputDelta(event.index, event.partialJson)];
      case "compaction-delta":
        return [delta(event.index, { type: "compaction_delta", content: event.content, encrypted_content: null })];
      case "block-stop":
        return [{ type: "content_block_stop", index: event.index }];
      default:
        event satisfies never;
        return [];
    }
  }

  return { push };
}

function toPart(data: StreamEvent): ReplyPart {
  return { event: data.type, data };
}

function passOn({ name, json }: WireEvent): ReplyPart {
  return { event: name, json };
}

/** Its input stands in its start. */
function isByProgram(block: BlockStart): boolean {
  return "byProgram" in block && block.byProgram !== undefined;
}

function toStartedCall({ byProgram }: { readonly byProgram?: CallByProgram }): {
  input: Record<string, unknown>;
  caller: Caller;
} {
  return { input: { ...byProgram?.input }, caller: byProgram?.caller ?? { type: "direct" } };
}

type Delta = Extract<StreamEvent, { type: "content_block_delta" }>["delta"];

function delta(index: number, value: Delta): StreamEvent {
  return { type: "content_block_delta", index, delta: value };
}

function inputDelta(index: number, partialJson: string): StreamEvent {
  return delta(index, { type: "input_json_delta", partial_json: partialJson });
}

function toStartedBlock(block: BlockStart): Extract<StreamEvent, { type: "content_block_start" }>["content_block"] {
  switch (block.type) {
    case "text":
      return { type: "text", text: "", citations: block.cited ? [] : null };
    case "thinking":
      return { type: "thinking", thinking: "", signature: "" };
    case "tool_use":
      return { type: block.type, id: block.id, name: block.name, ...toStartedCall(block), ...toolsetField(block) };
    case "server_tool_use":
      return { type: block.type, id: block.id, name: block.name, ...toStartedCall(block) };
    case "mcp_tool_use":
      return { type: "mcp_tool_use", id: block.id, name: block.name, server_name: block.serverName, input: {} };
    case "server_tool_result":
    case "mcp_tool_listing":
      return block.block;
    case "compaction":
      return { type: "compaction", content: block.content ?? null, encrypted_content: null };
    default:
      block satisfies never;
      throw new Error("unknown block");
  }
}
