import type { CountTokensRequest, ToolChoiceParam } from "@parley/wire";
import { offeredTools } from "../turn/offered-tools.ts";
import type { Effort, ServerToolSpec, TextBlock, Thinking, ToolChoice, ToolSpec, Turn, TurnMessage } from "../turn/turn.ts";
import { withoutAttribution } from "./attribution.ts";
import { toDeclaredTools, toOwnChoice } from "./declared-tools.ts";
import { findModelProblem } from "./find-model-problem.ts";
import { findUnserved } from "./find-unserved.ts";
import type { McpListings } from "./mcp-toolsets.ts";
import { findProgramTalk, type ProgramTalk } from "./program-talk.ts";
import { refusal } from "./refuse.ts";
import { isCodeExecution } from "./server-tools.ts";
import { toSkillList } from "./skill-list.ts";
import { clearThinking, withoutPastThinking } from "./thinking-history.ts";
import { cacheTtl } from "./cache-ttl.ts";
import { toTextBlock } from "./to-blocks.ts";
import { mergeMessages, toMessages } from "./to-messages.ts";
import { createToolLoader } from "./tool-loader.ts";
import type { TurnContext } from "./turn-context.ts";

/**
 * A request that has passed `parseMessagesCreate` or `parseCountTokens`, as a turn. Pure. Throws `invalid_request_error`
 * for what the model or this server does not do, and for thinking that is not ours. Context edits come after, in
 * `applyContextEdits`, since they need counts.
 */
export function toTurn(request: CountTokensRequest, context: TurnContext): Turn {
  const { model } = context;
  assertServed(request, model);
  const declared = toDeclaredTools(request, context.mcpListings ?? NOTHING_LISTED);
  const { specs, isDeferred, serverTools, mcpTools, programTools, mcpName, toolsetMembers, memberName } = declared;
  const programs = findProgramTalk(request.messages);
  checkPrograms(programs, serverTools);
  const tools = specs.filter(({ name }) => !isDeferred(name));
  const choice = toOwnChoice(request.tool_choice, request.tools);
  checkChoice(choice, specs);
  const readers = { tools: createToolLoader(specs, isDeferred), programs };
  const translated = toMessages(request.messages, { ...context, mcpName, memberName }, readers);
  const conversation = mergeMessages([...translated, { role: "user", content: programs.openResults }]);
  const messages = withForcedTool(choice, specs, tools, conversation);
  const thinking = toThinking(request, messages);
  return {
    requestId: context.requestId,
    messageId: context.messageId,
    workspaceId: context.workspaceId,
    weights: model.weights,
    system: [...toSystem(request.system), ...toSkillList(context.container.skills)],
    messages: toHistory(request, messages, thinking),
    tools,
    ...(serverTools.length === 0 ? {} : { serverTools, deferredTools: specs.filter(({ name }) => isDeferred(name)) }),
    ...(mcpTools.length === 0 ? {} : { mcpTools }),
    ...(programTools.length === 0 ? {} : { programTools }),
    ...(programs.answered.length === 0 ? {} : { answeredPrograms: programs.answered }),
    ...(toolsetMembers.length === 0 ? {} : { toolsetMembers }),
    // A program goes on in the conversation that it was begun in; what is too long is summarized before the next reply.
    ...(programs.answered.length === 0 ? toCompaction(request) : {}),
    toolChoice: toToolChoice(choice),
    ...(context.container.current !== null || (request.tools ?? []).some(isCodeExecution)
      ? { container: context.container }
      : {}),
    thinking,
    effort: toEffort(request),
    outputSchema: (request.output_config?.format ?? request.output_format)?.schema ?? null,
    sampling: {
      temperature: request.temperature ?? null,
      topP: request.top_p ?? null,
      topK: request.top_k ?? null,
    },
    stopSequences: request.stop_sequences ?? [],
    maxTokens: request.max_tokens ?? 0,
    contextOverflow: model.rules.contextOverflow,
    automaticCacheTtl: cacheTtl(request.cache_control).cacheTtl ?? null,
    minimumCacheTokens: model.rules.minimumCacheTokens,
    affinity: context.affinity,
    priority: context.priority,
    previousMessageId: request.diagnostics?.previous_message_id ?? null,
  };
}

/** Throws `invalid_request_error` for what the model or this server does not do. */
export function assertServed(request: CountTokensRequest, model: TurnContext["model"]): void {
  const problem = findModelProblem(request, model) ?? findUnserved(request, model.capabilities);
  if (problem) throw refusal(problem);
}

const NOTHING_LISTED: McpListings = new Map();

/** Programs go on in the tool that they were begun with. */
function checkPrograms({ answered: [first] }: ProgramTalk, serverTools: readonly ServerToolSpec[]): void {
  if (first === undefined || serverTools.some(({ name }) => name === first.name)) return;
  throw refusal({ path: ["tools"], text: "a program waits for these results, and the tools that it was begun with are missing" });
}

/** What the wire could not check before the MCP servers were asked. */
function checkChoice(choice: ToolChoiceParam | undefined, declared: readonly ToolSpec[]): void {
  if (choice?.type === "any" && declared.length === 0) {
    throw refusal({ path: ["tool_choice"], text: "tool_choice may only be specified while providing tools" });
  }
  if (choice?.type === "tool" && declared.every(({ name }) => name !== choice.name)) {
    throw refusal({ path: ["tool_choice"], text: `Tool '${choice.name.slice(0, 128)}' not found in provided tools` });
  }
}

/** A choice that forces a call needs a tool to call: a deferred one that it names is loaded for it, before the reply. */
function withForcedTool(
  choice: ToolChoiceParam | undefined,
  declared: readonly ToolSpec[],
  tools: readonly ToolSpec[],
  messages: TurnMessage[],
): TurnMessage[] {
  if (choice?.type !== "tool" && choice?.type !== "any") return messages;
  const offered = offeredTools({ tools, messages });
  if (choice.type === "any" ? offered.length > 0 : offered.some(({ name }) => name === choice.name)) return messages;
  const tool = choice.type === "any" ? undefined : declared.find(({ name }) => name === choice.name);
  const isRemoved = messages.some(({ content }) =>
    content.some((block) => block.type === "tool_removal" && block.name === tool?.name),
  );
  if (tool === undefined || isRemoved) {
    throw refusal({ path: ["tool_choice"], text: "the tools that it could call were removed in `messages`" });
  }
  const end = messages.at(-1)?.role === "assistant" ? messages.length - 1 : messages.length;
  return mergeMessages(messages.toSpliced(end, 0, { role: "system", content: [{ type: "tool_definition", tool }] }));
}

function toSystem(system: CountTokensRequest["system"]): TextBlock[] {
  const [first, ...rest]: TextBlock[] =
    typeof system === "string" ? [{ type: "text", text: system }] : (system ?? []).map(toTextBlock);
  if (!first) return [];
  const text = withoutAttribution(first.text);
  return text === "" ? rest : [{ ...first, text }, ...rest];
}

/** What the model sees again of its own thinking. A `clear_thinking` edit takes the decision over. */
function toHistory(request: CountTokensRequest, messages: TurnMessage[], thinking: Thinking): TurnMessage[] {
  const isEdited = request.context_management?.edits?.some(({ type }) => type === "clear_thinking_20251015");
  if (isEdited) return messages;
  // `between_tools` thinks in no first reply, but what it thought between the calls stays in the loop.
  const isOff = thinking.type === "disabled" && request.thinking?.type !== "between_tools";
  return isOff ? clearThinking(messages, () => true) : withoutPastThinking(messages);
}

function toThinking({ thinking }: CountTokensRequest, messages: readonly TurnMessage[]): Thinking {
  switch (thinking?.type) {
    case undefined:
    case "disabled":
      return { type: "disabled" };
    case "enabled":
      return { type: "enabled", budgetTokens: thinking.budget_tokens, display: toDisplay(thinking.display) };
    case "adaptive":
      return { type: "adaptive", display: toDisplay(thinking.display) };
    case "between_tools": {
      const last = messages.findLast(({ role }) => role !== "system");
      const isInLoop = last?.role === "user" && last.content.some((block) => block.type === "tool_result");
      return isInLoop ? { type: "adaptive", display: "summarized" } : { type: "disabled" };
    }
    default:
      thinking satisfies never;
      return { type: "disabled" };
  }
}

/** `updates` shows what a model writes about its progress in place of its thinking; ours write none, so nothing is shown. */
function toDisplay(display: "summarized" | "omitted" | "updates" | null | undefined): "summarized" | "omitted" {
  return display === "omitted" || display === "updates" ? "omitted" : "summarized";
}

/** A system message after the last reply says it for this turn; else the request's own. */
function toEffort({ messages, output_config: config }: CountTokensRequest): Effort | null {
  const lastReply = messages.findLastIndex(({ role }) => role === "assistant");
  const own = messages.slice(lastReply + 1).findLast((message) => message.role === "system" && message.output_config?.effort);
  return (own?.role === "system" ? own.output_config?.effort : undefined) ?? config?.effort ?? null;
}

function toCompaction({ context_management: management, compaction }: CountTokensRequest): Pick<Turn, "compaction"> {
  if (compaction) {
    const own = compaction.instructions?.trim() ? compaction.instructions : null;
    return { compaction: { when: "on-demand", triggerTokens: null, instructions: own, pauses: true } };
  }
  const edit = management?.edits?.find(({ type }) => type === "compact_20260112");
  if (edit?.type !== "compact_20260112") return {};
  const instructions = edit.instructions?.trim() ? edit.instructions : null;
  const triggerTokens = edit.trigger?.value ?? null;
  return { compaction: { when: "over-trigger", triggerTokens, instructions, pauses: edit.pause_after_compaction ?? false } };
}

function toToolChoice(choice: ToolChoiceParam | undefined): ToolChoice {
  if (choice?.type === "none") return { type: "none" };
  const parallel = choice?.disable_parallel_tool_use !== true;
  if (choice?.type === "tool") return { type: "tool", name: choice.name, parallel };
  return { type: choice?.type ?? "auto", parallel };
}
