import type { AssistantBlock, CacheTtl, SystemBlock, Turn, UserBlock } from "../../../turn/turn.ts";

/** A block of the request in the order in which a cache prefix covers them: tools, system, messages. */
export interface LogicalPart {
  /** Null: part of the prompt, but no block that a client can name. */
  readonly path: string | null;
  readonly ttl: CacheTtl | null;
}

/** Parts are named by their rank, their index in `parts`. */
export interface LogicalParts {
  readonly parts: readonly LogicalPart[];
  toolRank(tool: number): number;
  systemRank(block: number): number;
  /** The format that the reply must have; it stands after the system text. */
  readonly formatRank: number;
  /** An empty message still has a rank, that of its block 0. */
  blockRank(message: number, block: number): number;
}

type Block = UserBlock | AssistantBlock | SystemBlock;

export function listParts(turn: Turn): LogicalParts {
  const parts: LogicalPart[] = [];
  turn.tools.forEach((tool, index) => parts.push({ path: `tools.${index}`, ttl: tool.cacheTtl ?? null }));
  turn.system.forEach((block, index) => parts.push({ path: `system.${index}`, ttl: block.cacheTtl ?? null }));
  const formatRank = parts.length;
  parts.push({ path: null, ttl: null });
  const messageRanks = turn.messages.map((message, index) => {
    const rank = parts.length;
    message.content.forEach((block: Block, at) => parts.push({ path: `messages.${index}.content.${at}`, ttl: ttlOf(block) }));
    if (message.content.length === 0) parts.push({ path: null, ttl: null });
    return rank;
  });
  markAutomatic(turn, parts);
  return {
    parts,
    toolRank: (tool) => tool,
    systemRank: (block) => turn.tools.length + block,
    formatRank,
    blockRank: (message, block) => (messageRanks[message] ?? formatRank) + block,
  };
}

function ttlOf(block: Block): CacheTtl | null {
  if (block.type === "thinking" || block.type === "redacted_thinking") return null;
  if (block.cacheTtl !== undefined) return block.cacheTtl;
  // A mark inside a tool result stands for the end of the result, which is the nearest block end.
  return block.type === "tool_result"
    ? (block.content.findLast((inner) => inner.cacheTtl !== undefined)?.cacheTtl ?? null)
    : null;
}

/** The automatic breakpoint goes on the last block that may carry one; an explicit one there stays. */
function markAutomatic(turn: Turn, parts: LogicalPart[]): void {
  if (turn.automaticCacheTtl === null) return;
  const blocks = new Map<string, Block>();
  turn.messages.forEach((message, index) =>
    message.content.forEach((block: Block, at) => blocks.set(`messages.${index}.content.${at}`, block)),
  );
  const last = parts.findLastIndex(({ path }) => {
    if (path === null) return false;
    const block = blocks.get(path);
    if (block === undefined) return true;
    return block.type !== "thinking" && block.type !== "redacted_thinking" && !(block.type === "text" && block.text === "");
  });
  const part = parts[last];
  if (part !== undefined && part.ttl === null) parts[last] = { ...part, ttl: turn.automaticCacheTtl };
}
