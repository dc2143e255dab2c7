import type { Run } from "./merge-runs.ts";
import { type Problem, quoted } from "./problem.ts";

/** Ids listed in one message; a hostile request has thousands. */
const LISTED_IDS_MAX = 32;

/**
 * Every `tool_use` is answered by exactly one `tool_result` that leads the next user message, and nothing else is
 * answered. Texts as the platform's (surface.md B).
 */
export function toolPairingRule(runs: readonly Run[]): Problem | null {
  const seen = new Set<string>();
  for (const [at, run] of runs.entries()) {
    if (run.role === "assistant") {
      const uses = run.blocks.filter(({ block }) => block.type === "tool_use");
      const ids = new Map(uses.map(({ block, message }) => [idOf(block), message]));
      if (ids.size < uses.length || [...ids.keys()].some((id) => seen.has(id))) {
        return { path: ["messages"], text: "`tool_use` ids must be unique" };
      }
      for (const id of ids.keys()) seen.add(id);
      const problem = unansweredUses(ids, runs[at + 1]);
      if (problem) return problem;
    } else if (run.role === "user") {
      const problem = strayResults(run, runs[at - 1]);
      if (problem) return problem;
    }
  }
  return null;
}

function unansweredUses(uses: ReadonlyMap<string, number>, next: Run | undefined): Problem | null {
  const leading = new Set<string>();
  if (next?.role === "user") {
    for (const { block } of next.blocks) {
      if (block.type !== "tool_result") break;
      leading.add(block.tool_use_id);
    }
  }
  const open = [...uses].filter(([id]) => !leading.has(id));
  const [first] = open;
  if (!first) return null;
  const listed = open
    .slice(0, LISTED_IDS_MAX)
    .map(([id]) => quoted(id))
    .join(", ");
  return {
    path: ["messages", first[1]],
    text:
      `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${listed}. ` +
      "Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
  };
}

function strayResults(run: Run, previous: Run | undefined): Problem | null {
  const asked = new Set(
    previous?.role === "assistant"
      ? previous.blocks.filter(({ block }) => block.type === "tool_use").map(({ block }) => idOf(block))
      : [],
  );
  const answered = new Set<string>();
  for (const { block, message, index } of run.blocks) {
    if (block.type !== "tool_result") continue;
    const id = block.tool_use_id;
    const path = ["messages", message, "content", index ?? 0];
    if (!asked.has(id)) {
      return {
        path,
        text:
          `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${quoted(id)}. ` +
          "Each `tool_result` block must have a corresponding `tool_use` block in the previous message.",
      };
    }
    if (answered.has(id)) {
      return {
        path,
        text: `each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${quoted(id)}`,
      };
    }
    answered.add(id);
  }
  return null;
}

function idOf(block: object): string {
  return "id" in block ? String(block.id) : "";
}
