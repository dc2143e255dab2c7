import { expect } from "vitest";
import type { Turn, TurnMessage } from "../../../../turn/turn.ts";
import type { PromptRenderer } from "../rendered-prompt.ts";

/**
 * Takes what `other` has instead of everything logically after a boundary of `turn`, and expects the tokens before the
 * boundary to stay. Two exceptions are decided in docs/decisions/2026-11-21-cache-prefix-order.md: where a template
 * prints the system text before the tools, tools and system are one; and a system message right after a question.
 */
export async function expectStablePrefixes(renderer: PromptRenderer, turn: Turn, other: Turn): Promise<void> {
  const { tokens, boundaries } = await renderer.render(turn);
  for (const boundary of boundaries) {
    // Blocks that share a position stand and fall together.
    const last = boundaries.findLast(({ position }) => position === boundary.position);
    const endOfTools = boundaries.find(({ path }) => path === `tools.${turn.tools.length - 1}`)?.position;
    const headIsOne = endOfTools === boundary.position && !(last?.path.startsWith("tools.") ?? true);
    const changed =
      last === undefined ? null : replaceAfter(turn, headIsOne ? { ...other, system: turn.system } : other, last.path);
    if (changed === null) continue;
    const again = await renderer.render(changed);
    expect(again.tokens.slice(0, boundary.position), `before ${boundary.path}`).toEqual(tokens.slice(0, boundary.position));
  }
}

function replaceAfter(turn: Turn, other: Turn, path: string): Turn | null {
  const [room, first = "0", , second = "0"] = path.split(".");
  const index = Number(first);
  if (room === "tools") {
    if ((turn.system.length === 0) !== (other.system.length === 0)) return null;
    const isLast = index === turn.tools.length - 1;
    return { ...other, tools: isLast ? turn.tools : [...turn.tools.slice(0, index + 1), ...other.tools.slice(index + 1)] };
  }
  if (room === "system")
    return { ...other, tools: turn.tools, system: [...turn.system.slice(0, index + 1), ...other.system.slice(index + 1)] };
  const message = turn.messages[index];
  if (message === undefined) return null;
  const kept = turn.messages.slice(0, index);
  const cut = { ...message, content: message.content.slice(0, Number(second) + 1) } as TurnMessage;
  return { ...turn, messages: [...kept, cut, followerOf(cut)] };
}

function followerOf(message: TurnMessage): TurnMessage {
  if (message.role !== "assistant") return { role: "assistant", content: [{ type: "text", text: "another" }] };
  const results = message.content
    .filter((block) => block.type === "tool_use")
    .map(({ id }) => ({ type: "tool_result", toolUseId: id, isError: false, content: [] }) as const);
  return { role: "user", content: [...results, { type: "text", text: "another" }] };
}
