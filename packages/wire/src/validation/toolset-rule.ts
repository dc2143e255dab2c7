import type { BrowserStateBlockParam } from "../messages/browser-state.ts";
import type { ToolResultBlockParam, ToolUseBlockParam } from "../messages/content-block-param.ts";
import type { CountTokensRequest } from "../messages/count-tokens.ts";
import { enabledMembers, isToolset } from "../messages/toolset.ts";
import type { Run } from "./merge-runs.ts";
import type { Problem } from "./problem.ts";

/** The client puts inputs together from unchecked pieces under it; a toolset's are checked. */
const FINE_GRAINED_BETA = "fine-grained-tool-streaming-2025-05-14";

/** What the definitions of toolsets may say. That each is there once is `toolsRule`'s. */
export function toolsetsRule({ tools = [] }: CountTokensRequest, betas: readonly string[]): Problem | null {
  for (const [index, tool] of tools.entries()) {
    if (!isToolset(tool)) continue;
    const path = ["tools", index, tool.type];
    if (betas.includes(FINE_GRAINED_BETA)) return { path, text: `cannot be used with the beta '${FINE_GRAINED_BETA}'` };
    const members = enabledMembers(tool);
    if (members.length === 0) return { path: [...path, "configs"], text: "at least one member must be enabled" };
    if (members.some(({ isDeferred }) => isDeferred !== members[0]?.isDeferred)) {
      return { path: [...path, "configs"], text: "`defer_loading` must be the same for every enabled member" };
    }
  }
  return null;
}

type Path = readonly (string | number)[];
type Call = Pick<ToolUseBlockParam, "name" | "toolset_name">;

/** A result says whose call it answers, and holds what a member of that family may return. */
export function toolsetResultsRule(runs: readonly Run[]): Problem | null {
  const calls = new Map<string, Call>();
  for (const { blocks } of runs) {
    for (const { block, message, index } of blocks) {
      if (block.type === "tool_use") calls.set(block.id, block);
      if (block.type !== "tool_result") continue;
      const problem = resultProblem(block, calls.get(block.tool_use_id), [
        "messages",
        message,
        "content",
        index ?? 0,
        "tool_result",
      ]);
      if (problem) return problem;
    }
  }
  return null;
}

function resultProblem(block: ToolResultBlockParam, call: Call | undefined, path: Path): Problem | null {
  const family = call?.toolset_name ?? null;
  if ((block.toolset_name ?? null) !== family) {
    const text =
      family === null
        ? "must not be set: the `tool_use` that it answers has none"
        : `must be '${family}', as in its \`tool_use\``;
    return { path: [...path, "toolset_name"], text };
  }
  const content = typeof block.content === "string" ? [] : (block.content ?? []);
  const states: [BrowserStateBlockParam, Path][] = [];
  for (const [at, each] of content.entries()) {
    const here = [...path, "content", at, each.type];
    if (family !== null && each.type !== "text" && each.type !== "image" && each.type !== "browser_state") {
      return { path: here, text: "a toolset member's result may only hold text, images and `browser_state`" };
    }
    if (each.type === "browser_state") states.push([each, here]);
  }
  const [first, second] = states;
  if (second) return { path: second[1], text: "a result may hold one `browser_state` only" };
  if (first) {
    if (family !== "browser") return { path: first[1], text: "only results of the browser toolset may hold `browser_state`" };
    if (block.is_error) return { path: first[1], text: "a result with `is_error` may not hold `browser_state`" };
    const problem = stateProblem(first[0], first[1]);
    if (problem) return problem;
  }
  return family === "browser" && !block.is_error ? tabResultProblem(block, call?.name ?? "", first?.[0], path) : null;
}

function stateProblem({ tabs, state_changes: changes }: BrowserStateBlockParam, path: Path): Problem | null {
  const ids = new Set(tabs.map(({ tab_id: id }) => id));
  if (ids.size < tabs.length) return { path: [...path, "tabs"], text: "each `tab_id` must be unique" };
  if (tabs.length > 0 && tabs.filter(({ active }) => active).length !== 1) {
    return { path: [...path, "tabs"], text: "exactly one tab must be `active`" };
  }
  const downloads = new Set<string>();
  for (const [at, change] of (changes ?? []).entries()) {
    const here = [...path, "state_changes", at, change.type];
    if (change.type === "tab_opened") {
      if (!ids.has(change.tab_id)) return { path: [...here, "tab_id"], text: "is not in `tabs`" };
      continue;
    }
    if (downloads.has(change.download_id)) {
      return { path: [...here, "download_id"], text: "each `download_id` may have one state change only" };
    }
    downloads.add(change.download_id);
  }
  return null;
}

const TAB_MEMBERS: ReadonlySet<string> = new Set(["new_tab", "switch_tab", "close_tab", "list_tabs"]);

/** What the model reads of these calls is written from the state alone. */
function tabResultProblem(
  { content }: ToolResultBlockParam,
  member: string,
  state: BrowserStateBlockParam | undefined,
  path: Path,
): Problem | null {
  if (!TAB_MEMBERS.has(member)) return null;
  if (state === undefined || content?.length !== 1) {
    return { path: [...path, "content"], text: `the result of \`${member}\` must be exactly one \`browser_state\` block` };
  }
  if (member !== "new_tab") return null;
  const opened = (state.state_changes ?? []).filter((change) => change.type === "tab_opened");
  const [tab] = opened;
  const active = state.tabs.find(({ active: isActive }) => isActive);
  return opened.length === 1 && tab?.tab_id === active?.tab_id
    ? null
    : {
        path: [...path, "content", 0, "browser_state", "state_changes"],
        text: "the result of `new_tab` must have exactly one `tab_opened`, of the active tab",
      };
}
