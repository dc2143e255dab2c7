import type { CountTokensRequest } from "../messages/count-tokens.ts";
import { SERVER_TOOL_RESULTS } from "../messages/server-tool-block-param.ts";
import type { Run } from "./merge-runs.ts";
import { type Problem, quoted } from "./problem.ts";

/** A host, perhaps with the beginning of a path. The platform takes no scheme, no port and no wildcard within a name. */
const DOMAIN = /^(?:[\p{L}\p{N}_-]+\.)*[\p{L}\p{N}_-]+(?:\/[^\s?#]*)?$/u;

/** What the definitions of server tools may say. */
export function serverToolsRule({ tools = [] }: CountTokensRequest): Problem | null {
  for (const [index, tool] of tools.entries()) {
    if (!("allowed_domains" in tool || "blocked_domains" in tool)) continue;
    const {
      type,
      allowed_domains: allowed,
      blocked_domains: blocked,
    } = tool as {
      readonly type: string;
      readonly allowed_domains?: readonly string[] | null;
      readonly blocked_domains?: readonly string[] | null;
    };
    const path = ["tools", index, type];
    if (allowed && blocked) {
      return { path, text: "only one of `allowed_domains` and `blocked_domains` can be set" };
    }
    for (const [key, list] of [
      ["allowed_domains", allowed],
      ["blocked_domains", blocked],
    ] as const) {
      const at = list?.findIndex((domain) => !DOMAIN.test(domain)) ?? -1;
      if (at >= 0)
        return {
          path: [...path, key, at],
          text: "should be a domain such as 'example.com' or 'example.com/path', without a scheme",
        };
    }
  }
  return null;
}

/** Every call that the server ran stands with its result in the same message, the call first. */
export function serverToolPairingRule(runs: readonly Run[]): Problem | null {
  for (const { role, blocks } of runs) {
    if (role !== "assistant") continue;
    const open = new Map<string, { readonly name: string; readonly message: number }>();
    const seen = new Set<string>();
    for (const { block, message, index } of blocks) {
      if (block.type === "server_tool_use") {
        if (seen.has(block.id)) return { path: ["messages"], text: "`server_tool_use` ids must be unique" };
        seen.add(block.id);
        open.set(block.id, { name: block.name, message });
      } else if (isServerToolResult(block)) {
        if (!open.delete(block.tool_use_id)) {
          return {
            path: ["messages", message, "content", index ?? 0],
            text:
              `unexpected \`tool_use_id\` found in \`${block.type}\` blocks: ${quoted(block.tool_use_id)}. ` +
              `Each \`${block.type}\` block must have a corresponding \`server_tool_use\` block before it.`,
          };
        }
      }
    }
    const [first] = open;
    if (first) {
      const [id, { name, message }] = first;
      return {
        path: ["messages", message],
        text: `\`${name}\` tool use with id \`${quoted(id)}\` was found without a corresponding \`${resultOf(name)}\` block`,
      };
    }
  }
  return null;
}

function isServerToolResult(block: { readonly type: string }): block is { readonly type: string; readonly tool_use_id: string } {
  return (SERVER_TOOL_RESULTS as readonly string[]).includes(block.type);
}

function resultOf(name: string): string {
  return name.startsWith("tool_search_tool_") ? "tool_search_tool_result" : `${name}_tool_result`;
}
