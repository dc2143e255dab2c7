import type { ToolUseBlockParam } from "../messages/content-block-param.ts";
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

interface OpenCall {
  readonly name: string;
  readonly result: string;
  readonly message: number;
}

/**
 * Every call that the server ran stands with its result in the same message, the call first. Only code whose program calls
 * the client's tools has its result in a later one, and nothing but results of these calls stands between.
 */
export function serverToolPairingRule(runs: readonly Run[]): Problem | null {
  const open = new Map<string, OpenCall>();
  for (const { role, blocks } of runs) {
    if (role === "user" && open.size > 0) {
      const other = blocks.find(({ block }) => block.type !== "tool_result");
      if (other) {
        return {
          path: ["messages", other.message, "content", other.index ?? 0],
          text: "while tool uses that code made are pending, the message that answers them may hold `tool_result` blocks only",
        };
      }
    }
    if (role !== "assistant") continue;
    const inRun = new Set<string>();
    for (const { block, message, index } of blocks) {
      if (block.type === "tool_use" || block.type === "server_tool_use") {
        const program = programOf(block);
        if (program !== null && open.get(program)?.name !== "code_execution") {
          return {
            path: ["messages", message, "content", index ?? 0, block.type, "caller", "tool_id"],
            text: `no \`code_execution\` tool use with id \`${quoted(program)}\` waits for a result here`,
          };
        }
      }
      if (block.type === "server_tool_use" || block.type === "mcp_tool_use") {
        if (inRun.has(block.id)) return { path: ["messages"], text: `\`${block.type}\` ids must be unique` };
        inRun.add(block.id);
        const result = block.type === "mcp_tool_use" ? "mcp_tool_result" : resultOf(block.name);
        open.set(block.id, { name: block.name, result, message });
      } else if (isServerToolResult(block)) {
        const isMcp = block.type === "mcp_tool_result";
        const call = open.get(block.tool_use_id);
        if (call === undefined || isMcp !== (call.result === "mcp_tool_result")) {
          return {
            path: ["messages", message, "content", index ?? 0],
            text:
              `unexpected \`tool_use_id\` found in \`${block.type}\` blocks: ${quoted(block.tool_use_id)}. ` +
              `Each \`${block.type}\` block must have a corresponding \`${isMcp ? "mcp" : "server"}_tool_use\` block before it.`,
          };
        }
        open.delete(block.tool_use_id);
      }
    }
    const waiting = new Set(blocks.map(({ block }) => (block.type === "tool_use" ? programOf(block) : null)));
    const left = [...open].find(([id, { name }]) => name !== "code_execution" || !waiting.has(id));
    if (left) {
      const [id, { name, result, message }] = left;
      return {
        path: ["messages", message],
        text: `\`${quoted(name)}\` tool use with id \`${quoted(id)}\` was found without a corresponding \`${result}\` block`,
      };
    }
  }
  return null;
}

/** The call of code whose program made a call; null for one that the model made itself. */
function programOf({ caller }: Pick<ToolUseBlockParam, "caller">): string | null {
  return caller && caller.type !== "direct" ? caller.tool_id : null;
}

function isServerToolResult(block: { readonly type: string }): block is { readonly type: string; readonly tool_use_id: string } {
  return (SERVER_TOOL_RESULTS as readonly string[]).includes(block.type);
}

function resultOf(name: string): string {
  return name.startsWith("tool_search_tool_") ? "tool_search_tool_result" : `${name}_tool_result`;
}
