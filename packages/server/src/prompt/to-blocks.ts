import type {
  CacheControl,
  ContentBlockParam,
  DocumentBlockParam,
  SearchResultBlockParam,
  SystemMessageBlockParam,
  TextBlockParam,
  ToolResultBlockParam,
} from "@parley/wire";
import { fail } from "../platform/fail.ts";
import type {
  AssistantBlock,
  CacheTtl,
  DocumentBlock,
  SystemBlock,
  TextBlock,
  ThinkingBlock,
  ToolResultBlock,
  UserBlock,
} from "../turn/turn.ts";
import { refusal } from "./refuse.ts";
import type { ToolLoader } from "./tool-loader.ts";
import type { TurnContext } from "./turn-context.ts";

type Path = readonly (string | number)[];

/** The ttl of a breakpoint, as a field to spread; nothing where there is no breakpoint. */
export function cacheTtl(control: CacheControl | null | undefined): { readonly cacheTtl?: CacheTtl } {
  return control ? { cacheTtl: control.ttl ?? "5m" } : {};
}

export function toTextBlock(block: TextBlockParam): TextBlock {
  return { type: "text", text: block.text, ...cacheTtl(block.cache_control) };
}

export function toUserBlock(block: ContentBlockParam, tools: ToolLoader): UserBlock {
  switch (block.type) {
    case "text":
      return toTextBlock(block);
    case "document":
      return toDocumentBlock(block);
    case "search_result":
      return searchResultToDocument(block);
    case "tool_result":
      return toToolResultBlock(block, tools);
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

export function toAssistantBlock(block: ContentBlockParam, path: Path, context: TurnContext, tools: ToolLoader): AssistantBlock {
  switch (block.type) {
    case "text":
      return toTextBlock(block);
    case "document": {
      // The 2023 wire lets a document stand in an assistant message; to the model it is text that the assistant had.
      const { text, cacheTtl: ttl } = toDocumentBlock(block);
      return { type: "text", text, ...(ttl ? { cacheTtl: ttl } : {}) };
    }
    case "thinking":
      return toThinkingBlock(block, path, context);
    case "redacted_thinking":
      return { type: "redacted_thinking", data: block.data };
    case "tool_use":
      tools.called(block.id, block.name);
      return { type: "tool_use", id: block.id, name: block.name, input: block.input, ...cacheTtl(block.cache_control) };
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

function toToolResultBlock(block: ToolResultBlockParam, tools: ToolLoader): ToolResultBlock {
  const content = typeof block.content === "string" ? [textOf(block.content)] : (block.content ?? []);
  const blocks = content
    .filter((each) => each.type !== "text" || each.text !== "")
    .map((each) => {
      switch (each.type) {
        case "text":
          return toTextBlock(each);
        case "document":
          return toDocumentBlock(each);
        case "search_result":
          return searchResultToDocument(each);
        case "tool_reference":
          return tools.load(each.tool_name, cacheTtl(each.cache_control));
        default:
          throw untranslatable(each.type);
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

function toDocumentBlock(block: DocumentBlockParam): DocumentBlock {
  return {
    type: "document",
    title: block.title ?? null,
    context: block.context ?? null,
    source: null,
    text: documentText(block),
    ...cacheTtl(block.cache_control),
  };
}

function documentText({ source }: DocumentBlockParam): string {
  switch (source.type) {
    case "text":
      return source.data;
    case "content":
      return typeof source.content === "string"
        ? source.content
        : source.content
            .map((each) => {
              if (each.type !== "text") throw untranslatable(each.type);
              return each.text;
            })
            .join("\n");
    default:
      throw untranslatable(`document.source.${source.type}`);
  }
}

function searchResultToDocument(block: SearchResultBlockParam): DocumentBlock {
  return {
    type: "document",
    title: block.title,
    context: null,
    source: block.source,
    text: block.content.map((each) => each.text).join("\n"),
    ...cacheTtl(block.cache_control),
  };
}

function textOf(text: string): TextBlockParam {
  return { type: "text", text };
}

/** Only when the capabilities promise a kind of block that a turn cannot hold: our mistake, not the client's. */
function untranslatable(type: string): Error {
  return fail("api_error", { public: "Internal server error", internal: `no translation for a ${type} block` });
}
