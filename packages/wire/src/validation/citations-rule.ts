import type { CountTokensRequest } from "../messages/count-tokens.ts";
import type { Problem } from "./problem.ts";

type Loose = Readonly<Record<string, unknown>>;

/** Citations are asked of all documents of a request or of none, the same of its search results, and never with a format. */
export function citationsRule(request: CountTokensRequest): Problem | null {
  const blocks = request.messages.flatMap(({ role, content }) =>
    role === "user" && Array.isArray(content) ? (content as readonly Loose[]).flatMap(withInner) : [],
  );
  for (const type of ["document", "search_result"]) {
    const enabled = blocks.filter((block) => block["type"] === type).map(isEnabled);
    if (enabled.includes(true) && enabled.includes(false)) {
      return { path: ["messages"], text: `citations must be enabled on all or none of the \`${type}\` blocks in a request` };
    }
  }
  const format = request.output_config?.format ? ["output_config", "format"] : request.output_format ? ["output_format"] : null;
  const tools = (request.tools ?? []) as readonly Loose[];
  return format && [...blocks, ...tools].some(isEnabled)
    ? { path: format, text: "citations cannot be used together with an output format" }
    : null;
}

function withInner(block: Loose): readonly Loose[] {
  const inner = block["type"] === "tool_result" && Array.isArray(block["content"]) ? (block["content"] as readonly Loose[]) : [];
  return [block, ...inner];
}

function isEnabled(block: Loose): boolean {
  return (block["citations"] as { readonly enabled?: boolean } | null | undefined)?.enabled === true;
}
