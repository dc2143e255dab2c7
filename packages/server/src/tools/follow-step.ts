import type { ServerToolName } from "@parley/wire";
import type { BlockStart, TurnEvent } from "../turn/turn-event.ts";
import type { AssistantBlock, McpToolSpec, ProgramCallResult, ServerToolSpec, ToolUseBlock, Turn } from "../turn/turn.ts";
import { toMcpCallId, toServerCallId } from "../prompt/index.ts";

type BlockEvent = Extract<TurnEvent, { readonly index: number }>;

/** A call that the server answers, as the model made it: by a tool of its own, or by an MCP server's. */
export type MadeCall = OwnCall | McpCall;

export interface OwnCall extends CallInput {
  readonly by: "server";
  readonly name: ServerToolName;
  readonly tool: ServerToolSpec;
  /** What its program waits for: it goes on. Absent where the call is new. */
  readonly answers?: readonly ProgramCallResult[];
}

export interface McpCall extends CallInput {
  readonly by: "mcp";
  readonly tool: McpToolSpec;
}

interface CallInput {
  /** As the client knows it. */
  readonly id: string;
  readonly input: Readonly<Record<string, unknown>>;
}

type ToolByName = ReadonlyMap<string, ServerToolSpec | McpToolSpec>;

interface OpenBlock {
  readonly start: BlockStart;
  text: string;
  signature: string;
  isWhole: boolean;
}

/** Follows the blocks of one step: renumbers them within the reply, and remembers what the model wrote. */
export interface StepFollower {
  /** The event as the client is to see it. */
  see(event: BlockEvent): BlockEvent;
  /** What the model wrote, for the next step's prompt. */
  written(): AssistantBlock[];
  serverCalls(): MadeCall[];
  hasClientCalls(): boolean;
  /** Indices that the step took. */
  count(): number;
}

export function followStep(firstIndex: number, { serverTools = [], mcpTools = [] }: Turn): StepFollower {
  const blocks = new Map<number, OpenBlock>();
  const byName: ToolByName = new Map([...serverTools, ...mcpTools].map((tool) => [tool.name, tool]));
  const calls = (): ToolUseBlock[] => [...blocks.values()].filter(isCall).map(toCall);

  return {
    see(event) {
      if (event.type === "block-start") {
        blocks.set(event.index, { start: event.block, text: "", signature: "", isWhole: false });
        return { ...event, index: firstIndex + event.index, block: toClientBlock(event.block, byName) };
      }
      const block = blocks.get(event.index);
      if (block) follow(block, event);
      return { ...event, index: firstIndex + event.index };
    },
    written: () => [...blocks.values()].flatMap(toWritten),
    serverCalls: () =>
      calls().flatMap(({ id, name, input }): MadeCall[] => {
        const tool = byName.get(name);
        if (tool === undefined) return [];
        if ("server" in tool) return [{ by: "mcp", id: toMcpCallId(id), input, tool }];
        return [{ by: "server", id: toServerCallId(id), name: tool.name, input, tool }];
      }),
    hasClientCalls: () => calls().some(({ name }) => !byName.has(name)),
    count: () => blocks.size,
  };
}

function follow(block: OpenBlock, event: Exclude<BlockEvent, { type: "block-start" }>): void {
  switch (event.type) {
    case "text-delta":
      block.text += event.text;
      return;
    case "thinking-delta":
      block.text += event.thinking;
      return;
    case "input-json-delta":
      block.text += event.partialJson;
      return;
    case "signature-delta":
      block.signature = event.signature;
      return;
    case "compaction-delta":
      // Comes before the first step, if at all.
      return;
    case "citation":
      // The model does not read its citations again.
      return;
    case "block-stop":
      block.isWhole = true;
      return;
    default:
      event satisfies never;
  }
}

function toClientBlock(block: BlockStart, tools: ToolByName): BlockStart {
  const tool = block.type === "tool_use" ? tools.get(block.name) : undefined;
  if (block.type !== "tool_use" || tool === undefined) return block;
  if ("server" in tool) {
    return { type: "mcp_tool_use", id: toMcpCallId(block.id), name: tool.tool, serverName: tool.server.name };
  }
  return { type: "server_tool_use", id: toServerCallId(block.id), name: tool.name };
}

function isCall(block: OpenBlock): block is OpenBlock & { readonly start: Extract<BlockStart, { type: "tool_use" }> } {
  return block.start.type === "tool_use" && block.isWhole;
}

function toCall({ start, text }: OpenBlock & { readonly start: Extract<BlockStart, { type: "tool_use" }> }): ToolUseBlock {
  const input = text.trim() === "" ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>);
  return { type: "tool_use", id: start.id, name: start.name, input };
}

function toWritten(block: OpenBlock): AssistantBlock[] {
  if (isCall(block)) return [toCall(block)];
  if (block.start.type === "thinking") return [{ type: "thinking", thinking: block.text, signature: block.signature }];
  return block.start.type === "text" && block.text !== "" ? [{ type: "text", text: block.text }] : [];
}
