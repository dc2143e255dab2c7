import type { ContentBlockParam, SystemMessageBlockParam, TextBlockParam, ToolResultBlockParam } from "@parley/wire";
import type { AssistantBlock, SystemBlock, TextBlock, ThinkingBlock, ToolResultBlock, UserBlock } from "../turn/turn.ts";
import { cacheTtl } from "./cache-ttl.ts";
import type { BrowserStates } from "./browser-states.ts";
import type { DocumentReader } from "./document-reader.ts";
import { refusal } from "./refuse.ts";
import { untranslatable } from "./untranslatable.ts";
import { toModelCallId } from "./server-tool-results.ts";
import type { ToolLoader } from "./tool-loader.ts";
import type { MessagesContext, TurnContext } from "./turn-context.ts";

type Path = readonly (string | number)[];

export function toTextBlock(block: TextBlockParam): TextBlock {
  return { type: "text", text: block.text, ...cacheTtl(block.cache_control) };
}

/** What is read along a conversation, from its start. */
export interface BlockReaders {
  readonly tools: ToolLoader;
  readonly documents: DocumentReader;
  readonly states: BrowserStates;
}

export function toUserBlock(block: ContentBlockParam, readers: BlockReaders): UserBlock {
  const { documents } = readers;
  switch (block.type) {
    case "text":
      return toTextBlock(block);
    case "image":
      return documents.image(block);
    case "document":
      return documents.document(block);
    case "search_result":
      return documents.searchResult(block);
    case "tool_result":
      return toToolResultBlock(block, readers);
    case "container_upload":
      return documents.upload(block);
    default:
      throw untranslatable(block.type);
  }
}

/** What stands in a system message within the conversation. */
export function toSystemBlock(block: SystemMessageBlockParam, tools: ToolLoader): SystemBlock {
  if (block.type === "text") return toTextBlock(block);
  const { tool } = block;
  if (tool.type !== "tool_reference") throw untranslatable(`${block.type}.${tool.type}`);
  const mark = cacheTtl(block.cache_control);
  return block.type === "tool_removal" ? tools.remove(tool.name, mark) : tools.load(tool.name, mark);
}

export function toAssistantBlock(
  block: ContentBlockParam,
  path: Path,
  context: MessagesContext,
  { tools, documents, states }: BlockReaders,
): AssistantBlock {
  switch (block.type) {
    case "text":
      return toTextBlock(block);
    case "document": {
      // The 2023 wire lets a document stand in an assistant message; to the model it is text that the assistant had.
      const { text, cacheTtl: ttl } = documents.document(block);
      return { type: "text", text, ...(ttl ? { cacheTtl: ttl } : {}) };
    }
    case "thinking":
      return toThinkingBlock(block, path, context);
    case "redacted_thinking":
      return { type: "redacted_thinking", data: block.data };
    case "tool_use": {
      states.called(block);
      const name = block.toolset_name ? context.memberName(block.toolset_name, block.name) : block.name;
      tools.called(block.id, name);
      return { type: "tool_use", id: block.id, name, input: block.input, ...cacheTtl(block.cache_control) };
    }
    case "server_tool_use": {
      const id = toModelCallId(block.id);
      tools.called(id, block.name);
      return { type: "tool_use", id, name: block.name, input: block.input, ...cacheTtl(block.cache_control) };
    }
    case "mcp_tool_use": {
      const id = toModelCallId(block.id);
      const name = context.mcpName(block.server_name, block.name);
      tools.called(id, name);
      return { type: "tool_use", id, name, input: block.input, ...cacheTtl(block.cache_control) };
    }
    default:
      throw untranslatable(block.type);
  }
}

/** Verifies the signature, and puts the text back where the client had asked not to see it. */
function toThinkingBlock(
  { thinking, signature }: { readonly thinking: string; readonly signature: string },
  path: Path,
  { workspaceId, thinkingSigner }: TurnContext,
): ThinkingBlock {
  if (!thinkingSigner.verify(workspaceId, thinking, signature)) {
    throw refusal({ path, text: "Invalid `signature` in `thinking` block" });
  }
  const signed = thinking === "" ? thinkingSigner.reveal(workspaceId, signature) : thinking;
  return { type: "thinking", thinking: signed ?? "", signature };
}

function toToolResultBlock(block: ToolResultBlockParam, { tools, documents, states }: BlockReaders): ToolResultBlock {
  const content = typeof block.content === "string" ? [textOf(block.content)] : states.inWords(block);
  const blocks = content
    .filter((each) => each.type !== "text" || each.text !== "")
    .map((each) => {
      switch (each.type) {
        case "text":
          return toTextBlock(each);
        case "image":
          return documents.image(each);
        case "document":
          return documents.document(each);
        case "search_result":
          return documents.searchResult(each);
        case "tool_reference":
          return tools.load(each.tool_name, cacheTtl(each.cache_control));
        default:
          throw untranslatable(JSON.stringify(each satisfies never));
      }
    });
  // A tool result is one unit in the prompt: a breakpoint inside it is a breakpoint after it.
  const inner = blocks.findLast((each) => each.cacheTtl !== undefined)?.cacheTtl;
  const own = block.cache_control ? cacheTtl(block.cache_control) : inner ? { cacheTtl: inner } : {};
  return {
    type: "tool_result",
    toolUseId: block.tool_use_id,
    isError: block.is_error ?? false,
    content: [...blocks.map(({ cacheTtl: _inner, ...each }) => each), ...tools.owedTo(block.tool_use_id)],
    ...own,
  };
}

function textOf(text: string): TextBlockParam {
  return { type: "text", text };
}
