import type { ContentBlockParam, TextBlockParam } from "../messages/content-block-param.ts";
import type { MessageParam } from "../messages/create-request.ts";
import { SERVER_TOOL_RESULTS } from "../messages/server-tool-block-param.ts";
import type { Dialect } from "../versions/dialect.ts";
import type { Problem } from "./problem.ts";

const ASSISTANT_ONLY: ReadonlySet<string> = new Set([
  "tool_use",
  "thinking",
  "redacted_thinking",
  "server_tool_use",
  "mcp_tool_use",
  "mcp_tool_listing",
  ...SERVER_TOOL_RESULTS,
]);
const USER_ONLY: ReadonlySet<string> = new Set(["tool_result", "image", "search_result", "container_upload"]);

/** Order and placement of roles. */
export function rolesRule(messages: readonly MessageParam[]): Problem | null {
  const [first] = messages;
  if (!first) return { path: ["messages"], text: "at least one message is required" };
  for (const [at, message] of messages.entries()) {
    if (message.role !== "system") continue;
    const path = ["messages", at];
    const before = messages[at - 1];
    if (!before) {
      return {
        path,
        text: "the first message must not have the `system` role. Use the top-level `system` parameter for the initial prompt.",
      };
    }
    if (before.role === "assistant" && !endsWithServerToolResult(before)) {
      return {
        path,
        text: "a `system` message must follow a `user` message, or an `assistant` message that ends with a server tool result",
      };
    }
    if (messages[at + 1]?.role === "user") {
      return { path, text: "a `system` message must be followed by an `assistant` message or end the conversation" };
    }
    const isEmpty = message.content === undefined || message.content.length === 0;
    if (isEmpty && !message.output_config?.effort) {
      return { path, text: "a `system` message must have `content` or `output_config`" };
    }
  }
  // Clients may leave out what a compaction block stands for.
  if (first.role !== "user" && !(first.role === "assistant" && isCompactionFirst(first)))
    return { path: ["messages"], text: 'first message must use the "user" role' };
  return null;
}

function isCompactionFirst({ content }: MessageParam): boolean {
  return typeof content === "object" && content[0]?.type === "compaction";
}

function endsWithServerToolResult(message: MessageParam): boolean {
  const last = typeof message.content === "string" ? undefined : message.content?.at(-1);
  return last !== undefined && last.type !== "tool_result" && last.type.endsWith("_tool_result");
}

/** Rules on single blocks: which role may hold them, and what their text must be. */
export function blocksRule(messages: readonly MessageParam[], dialect: Dialect): Problem | null {
  for (const [at, message] of messages.entries()) {
    const isLast = at === messages.length - 1;
    const { content, role } = message;
    if (role === "system") {
      const problem = textRule(content ?? [], ["messages"], ["messages", at, "content"]);
      if (problem) return problem;
      continue;
    }
    if (content.length === 0) {
      if (isLast && role === "assistant") continue;
      return {
        path: ["messages", at],
        text: "all messages must have non-empty content except for the optional final assistant message",
      };
    }
    const problem =
      textRule(content, ["messages"], ["messages", at, "content"]) ??
      (typeof content === "string" ? null : placesRule(content, role, at, dialect));
    if (problem) return problem;
  }
  return null;
}

function placesRule(
  content: readonly ContentBlockParam[],
  role: "user" | "assistant",
  at: number,
  dialect: Dialect,
): Problem | null {
  for (const [index, block] of content.entries()) {
    const userOnly = USER_ONLY.has(block.type) || (block.type === "document" && !dialect.documentInAssistantMessage);
    if ((role === "user" && ASSISTANT_ONLY.has(block.type)) || (role === "assistant" && userOnly)) {
      const home = role === "user" ? "assistant" : "user";
      return { path: ["messages", at], text: `\`${block.type}\` blocks can only be in \`${home}\` messages` };
    }
    const path = ["messages", at, "content", index, block.type];
    if (block.type === "tool_result" && Array.isArray(block.content)) {
      const problem = nestedEmptyText(block.content);
      if (problem) return problem;
    }
    if (!dialect.citationsInUserText) {
      const cited = citedTextPath(block, role);
      if (cited) return { path: [...path, ...cited], text: "Citations are not permitted on text that the user sends" };
    }
  }
  const last = content.at(-1);
  if (role === "assistant" && (last?.type === "thinking" || last?.type === "redacted_thinking")) {
    return { path: ["messages", at], text: `The final block in an assistant message cannot be \`${last.type}\`.` };
  }
  return null;
}

function nestedEmptyText(content: readonly { type: string; text?: unknown }[]): Problem | null {
  // Tools do return blank output, so only the empty text, which has no token, is refused inside a tool result.
  return content.some((block) => block.type === "text" && block.text === "")
    ? { path: ["messages"], text: "text content blocks must be non-empty" }
    : null;
}

function citedTextPath(block: ContentBlockParam, role: "user" | "assistant"): (string | number)[] | null {
  if (role === "user" && block.type === "text") return hasCitations(block) ? ["citations"] : null;
  if (block.type === "search_result" && Array.isArray(block.content)) {
    const index = block.content.findIndex((each) => hasCitations(each));
    return index < 0 ? null : ["content", index, "citations"];
  }
  return null;
}

function hasCitations(block: object): boolean {
  return "citations" in block && Array.isArray(block.citations) && block.citations.length > 0;
}

/** Text that the model reads must hold something. `group` is the path of the message, `content` that of the blocks. */
export function textRule(
  blocks: string | readonly { type: string }[],
  group: readonly string[],
  content: readonly (string | number)[],
): Problem | null {
  if (typeof blocks === "string") {
    return blocks !== "" && blocks.trim() === ""
      ? { path: group, text: "text content blocks must contain non-whitespace text" }
      : null;
  }
  for (const [index, block] of blocks.entries()) {
    if (block.type !== "text") continue;
    const { text, cache_control: mark } = block as TextBlockParam;
    if (text === "") {
      return mark
        ? { path: [...content, index, "text"], text: "cache_control cannot be set for empty text blocks" }
        : { path: group, text: "text content blocks must be non-empty" };
    }
    if (text.trim() === "") return { path: group, text: "text content blocks must contain non-whitespace text" };
  }
  return null;
}
