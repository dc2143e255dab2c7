import { blocksOf, type MessageParam, type PlacedBlock } from "@parley/wire";
import type { AssistantBlock, SystemBlock, TextBlock, TurnMessage, UserBlock } from "../turn/turn.ts";
import { cacheTtl } from "./cache-ttl.ts";
import { fromSummaryOn, toSummaryBlock } from "./compaction.ts";
import { createBrowserStates } from "./browser-states.ts";
import { createDocumentReader } from "./document-reader.ts";
import { toServerToolResult } from "./server-tool-results.ts";
import type { ProgramTalk } from "./program-talk.ts";
import { splitServerTools } from "./split-server-tools.ts";
import { type BlockReaders, toAssistantBlock, toSystemBlock, toUserBlock } from "./to-blocks.ts";
import type { ToolLoader } from "./tool-loader.ts";
import type { MessagesContext } from "./turn-context.ts";

/**
 * The conversation with string contents as blocks, system messages that have had their time gone, and runs of one role merged;
 * from the last summary on, where it was compacted.
 */
export function toMessages(
  messages: readonly MessageParam[],
  context: MessagesContext,
  { tools, programs }: { readonly tools: ToolLoader; readonly programs: ProgramTalk },
): TurnMessage[] {
  const lastUser = messages.findLastIndex(({ role }) => role === "user");
  const readers = { tools, documents: createDocumentReader(context.media), states: createBrowserStates() };
  const summaries: TextBlock[] = [];
  const translated = messages.flatMap((message, at) => {
    const isOver = message.role === "system" && message.clear_at === "next_user_message" && at < lastUser;
    return isOver ? [] : toTurnMessages(message, at, context, { ...readers, summaries, programs });
  });
  return mergeMessages(summaries.reduce(fromSummaryOn, translated));
}

interface MessageReaders extends BlockReaders {
  /** Those that were met. */
  readonly summaries: TextBlock[];
  readonly programs: ProgramTalk;
}

function toTurnMessages(message: MessageParam, at: number, context: MessagesContext, readers: MessageReaders): TurnMessage[] {
  const { tools, documents, summaries, programs } = readers;
  // What a program and the client said to each other is nothing that the model saw. It sees the tools that MCP servers listed
  // as it sees all tools, not where their list came from.
  const seen = () =>
    blocksOf(message, at).filter(({ block }) => !programs.isOfProgram(block) && block.type !== "mcp_tool_listing");
  switch (message.role) {
    case "user":
      return splitCompactions(seen(), summaries, (blocks) => [
        { role: "user", content: blocks.map(({ block }) => toUserBlock(block, readers)) },
      ]);
    case "assistant":
      return splitCompactions(seen(), summaries, (blocks) =>
        splitServerTools(blocks, {
          block: ({ block, message: place, index }) =>
            toAssistantBlock(block, ["messages", place, "content", index ?? 0], context, readers),
          result: (block, { message: place, index }) =>
            toServerToolResult(block, ["messages", place, "content", index ?? 0], {
              open: (sealed) => context.searchSeals.reveal(context.workspaceId, sealed),
              nextFoundPage: documents.nextFoundPage,
              nextDocument: documents.nextDocument,
              load: (name) => tools.load(name, {}),
            }),
        }),
      );
    case "system": {
      const { content = [] } = message;
      if (typeof content !== "string") return [{ role: "system", content: content.map((block) => toSystemBlock(block, tools)) }];
      return [{ role: "system", content: content === "" ? [] : [{ type: "text", text: content }] }];
    }
  }
}

/** One message as the model lived it: a summary was told to it. One that failed says nothing. */
function splitCompactions(
  blocks: readonly PlacedBlock[],
  summaries: TextBlock[],
  translate: (blocks: readonly PlacedBlock[]) => TurnMessage[],
): TurnMessage[] {
  const at = blocks.findIndex(({ block }) => block.type === "compaction");
  const block = blocks[at]?.block;
  if (block?.type !== "compaction") return translate(blocks);
  const rest = splitCompactions(blocks.slice(at + 1), summaries, translate);
  const before = translate(blocks.slice(0, at));
  if (typeof block.content !== "string") return [...before, ...rest];
  const summary: TextBlock = { ...toSummaryBlock(block.content), ...cacheTtl(block.cache_control) };
  summaries.push(summary);
  return [...before, { role: "user", content: [summary] }, ...rest];
}

/** Drops messages without content and joins neighbours of one role. */
export function mergeMessages(messages: readonly TurnMessage[]): TurnMessage[] {
  const runs: { role: TurnMessage["role"]; content: (UserBlock | AssistantBlock | SystemBlock)[] }[] = [];
  for (const { role, content } of messages) {
    if (content.length === 0) continue;
    const last = runs.at(-1);
    if (last?.role === role) for (const block of content) last.content.push(block);
    else runs.push({ role, content: [...content] });
  }
  // Each run holds the blocks of messages of its own role only.
  return runs as readonly { role: TurnMessage["role"]; content: readonly unknown[] }[] as TurnMessage[];
}
