import type { ServerToolResultBlock } from "@parley/wire";
import { Failure } from "../platform/fail.ts";
import type { Log } from "../platform/log.ts";
import { toServerToolResult } from "../prompt/index.ts";
import { countOnWire, type Engine } from "../turn/engine.ts";
import { addTimings, addUsage } from "../turn/add-usage.ts";
import { offeredTools } from "../turn/offered-tools.ts";
import type { Timings, TurnEvent, Usage } from "../turn/turn-event.ts";
import type { AssistantBlock, ToolResultBlock, Turn, TurnMessage } from "../turn/turn.ts";
import { followStep, type MadeCall } from "./follow-step.ts";
import type { McpCalls, McpConnector } from "./mcp/mcp-connector.ts";
import { createReplyContainer } from "./reply-container.ts";
import { type ReplyContainer, ServerToolError, type ServerTools } from "./server-tool.ts";
import { STEPS_MAX } from "./steps-max.ts";

export interface ToolLoopOptions {
  readonly engine: Engine;
  readonly tools: ServerTools;
  /** Opens what search results carry sealed. */
  readonly openSealed: (workspaceId: string, sealed: string) => string | null;
  readonly mcp: Pick<McpConnector, "open">;
  readonly log: Log;
  /** For one call, whatever the tool does. */
  readonly callTimeoutMs?: number;
}

const CALL_TIMEOUT_MS = 60_000;

/**
 * An engine whose turns go on where the model calls a tool that this server runs. To everything above it is one turn: one
 * start, blocks numbered through, one end with the sums. See docs/decisions/2026-11-21-server-tools.md.
 */
export function createToolLoop(options: ToolLoopOptions): Engine {
  const { engine } = options;
  return {
    list: () => engine.list(),
    countTokens: (turn, signal) => engine.countTokens(turn, signal),
    ...(engine.countOnWire ? { countOnWire: (turn, signal) => countOnWire(engine, turn, signal) } : {}),
    run: (turn, signal) =>
      // Where a request is passed on, its tools are the upstream's.
      turn.wire || (turn.serverTools ?? []).length + (turn.mcpTools ?? []).length === 0
        ? engine.run(turn, signal)
        : runLoop(options, turn, signal),
  };
}

type End = Extract<TurnEvent, { type: "end" }>;

async function* runLoop(options: ToolLoopOptions, turn: Turn, signal: AbortSignal): AsyncGenerator<TurnEvent, void, void> {
  // One connection to each MCP server that the turn calls, whatever of it a session of that server remembers.
  using mcp = options.mcp.open(signal);
  const container = createReplyContainer();
  const tally = createTally(container);
  try {
    yield* runSteps(options, { turn, tally, container, mcp, signal });
  } catch (error) {
    // What was searched before the turn failed, or its client left, was done for it.
    yield { type: "tools-used", serverToolUse: tally.serverToolUse() };
    throw error;
  }
}

async function* runSteps(
  options: ToolLoopOptions,
  {
    turn,
    tally,
    container,
    mcp,
    signal,
  }: {
    readonly turn: Turn;
    readonly tally: Tally;
    readonly container: ReplyContainer;
    readonly mcp: McpCalls;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<TurnEvent, void, void> {
  const uses = new Map<string, number>();
  let current = turn;
  let nextIndex = 0;
  let last: End | null = null;
  for (let stepNumber = 1; ; stepNumber += 1) {
    const step = followStep(nextIndex, turn);
    let end: End | null = null;
    let hasStarted = false;
    const events = options.engine.run(current, signal);
    for await (const event of stepNumber === 1 ? events : orNothing(events, () => hasStarted)) {
      if (event.type === "start") hasStarted = true;
      switch (event.type) {
        case "start":
          yield stepNumber === 1 ? event : { type: "step", usage: tally.with(event.usage), spent: tally.spent() };
          break;
        case "end":
          end = event;
          break;
        case "step":
        case "tools-used":
        case "progress":
        case "wire":
          yield event;
          break;
        default:
          yield tally.inReply(step.see(event));
      }
    }
    signal.throwIfAborted();
    if (end === null && !hasStarted && last) return yield tally.end({ ...last, stopReason: "model_context_window_exceeded" });
    if (end === null) throw new Error("a turn's last event is its end");
    last = end;
    tally.add(end);
    nextIndex += step.count();
    const calls = end.stopReason === "tool_use" ? step.serverCalls() : [];
    if (calls.length === 0) return yield tally.end(end);

    const results: ServerToolResultBlock[] = [];
    const running = calls.map((call) => answer(options, { call, turn: current, uses, tally, container, mcp, signal }));
    // They are awaited in the order of the calls; one that throws meanwhile is seen when its turn comes, or never if the client left.
    for (const each of running) each.catch(() => {});
    for (const result of running) {
      const block = await result;
      results.push(block);
      yield { type: "block-start", index: nextIndex, block: { type: "server_tool_result", block } };
      yield { type: "block-stop", index: nextIndex };
      nextIndex += 1;
    }
    signal.throwIfAborted();
    // A client's own call in the same step is answered in its next request, and so are we.
    if (step.hasClientCalls()) return yield tally.end(end);
    if (stepNumber === STEPS_MAX) return yield tally.end({ ...end, stopReason: "pause_turn" });
    const maxTokens = turn.maxTokens - tally.outputTokens();
    if (maxTokens <= 0) return yield tally.end({ ...end, stopReason: "max_tokens" });
    current = nextTurn(options, { turn, current, maxTokens, written: step.written(), results });
  }
}

/**
 * A step whose prompt is refused before it begins: results have filled the model's context. The reply ends there with what
 * it has, as a reply does that fills the window by its own words.
 */
async function* orNothing(
  events: AsyncGenerator<TurnEvent, void, void>,
  hasStarted: () => boolean,
): AsyncGenerator<TurnEvent, void, void> {
  try {
    yield* events;
  } catch (error) {
    if (hasStarted() || !(error instanceof Failure) || error.type !== "invalid_request_error") throw error;
  }
}

/** One call's result. Never throws, but for the turn's own end. */
async function answer(
  { tools, log, callTimeoutMs = CALL_TIMEOUT_MS }: ToolLoopOptions,
  {
    call,
    turn,
    uses,
    tally,
    container,
    mcp,
    signal,
  }: {
    call: MadeCall;
    turn: Turn;
    uses: Map<string, number>;
    tally: Tally;
    container: ReplyContainer;
    mcp: McpCalls;
    signal: AbortSignal;
  },
): Promise<ServerToolResultBlock> {
  if (call.by === "mcp") return mcp.call(call, callTimeoutMs);
  const tool = tools[call.name];
  const { definition } = call.tool;
  const used = (uses.get(call.name) ?? 0) + 1;
  uses.set(call.name, used);
  const usesMax = "max_uses" in definition ? (definition.max_uses ?? Infinity) : Infinity;
  if (used > usesMax) return tool.error(call.id, "max_uses_exceeded");
  const timeout = AbortSignal.timeout(tool.timeoutMs ?? callTimeoutMs);
  try {
    const result = await tool.run({
      id: call.id,
      input: call.input,
      definition,
      turn,
      container,
      signal: AbortSignal.any([signal, timeout]),
    });
    if (!("error_code" in result.content)) tally.count(tool.counts);
    return result;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ServerToolError) {
      log.info(
        { tool: call.name, code: error.code, reason: error.message, requestId: turn.requestId },
        "a server tool's call failed",
      );
      return tool.error(call.id, error.code);
    }
    log.warn({ err: error, tool: call.name, requestId: turn.requestId }, "a server tool's call failed");
    return tool.error(call.id, "unavailable");
  }
}

function nextTurn(
  { openSealed }: ToolLoopOptions,
  step: { turn: Turn; current: Turn; maxTokens: number; written: AssistantBlock[]; results: readonly ServerToolResultBlock[] },
): Turn {
  const { turn, current, maxTokens, written } = step;
  const loaded = new Set(offeredTools(current).map(({ name }) => name));
  const specs = new Map((turn.deferredTools ?? []).map((tool) => [tool.name, tool]));
  const places = countCitables(current.messages);
  const results = step.results.map((block): ToolResultBlock =>
    toServerToolResult(block, [], {
      nextFoundPage: () => places.foundPages++,
      nextDocument: () => places.documents++,
      open: (sealed) => openSealed(turn.workspaceId, sealed),
      load(name) {
        const tool = specs.get(name);
        if (tool === undefined || loaded.has(name)) return { type: "text", text: `The tool ${name} is loaded.` };
        loaded.add(name);
        return { type: "tool_definition", tool };
      },
    }),
  );
  const last = current.messages.at(-1);
  const before: readonly TurnMessage[] = last?.role === "assistant" ? current.messages.slice(0, -1) : current.messages;
  const prefill = last?.role === "assistant" ? last.content : [];
  return {
    ...current,
    messages: [...before, { role: "assistant", content: [...prefill, ...written] }, { role: "user", content: results }],
    // A call that was forced has been made.
    toolChoice: turn.toolChoice.type === "none" ? turn.toolChoice : { type: "auto", parallel: turn.toolChoice.parallel },
    maxTokens,
  };
}

/** How many places are taken, counted as a request that brings the reply back counts them: see `document-reader.ts`. */
function countCitables(messages: readonly TurnMessage[]): { documents: number; foundPages: number } {
  const blocks = messages
    .flatMap(({ role, content }) => (role === "user" ? content : []))
    .flatMap((block) => (block.type === "tool_result" ? block.content : [block]))
    .filter((block) => block.type === "document");
  return {
    documents: blocks.filter(({ source, citable }) => source === null || citable?.unit === "characters").length,
    foundPages: blocks.filter(({ citable }) => citable?.unit === "web-search-page").length,
  };
}

interface Tally {
  /** What is used so far, with a prompt that is about to be read. */
  with(usage: Usage): Usage;
  /** What is used so far. */
  spent(): Usage;
  serverToolUse(): NonNullable<Usage["serverToolUse"]>;
  /** An event with the reply's count of output tokens in place of the step's. */
  inReply(event: TurnEvent): TurnEvent;
  add(end: End): void;
  count(kind: "web-search" | "web-fetch" | null): void;
  outputTokens(): number;
  end(last: End): End;
}

const NOTHING_USED: Usage = {
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 0,
  thinkingTokens: 0,
};

/** Sums up the steps of one turn. */
function createTally(container: ReplyContainer): Tally {
  let usage: Usage | null = null;
  let timings: Timings | null = null;
  let firstMiss: End["cacheMissReason"] = null;
  let webSearchRequests = 0;
  let webFetchRequests = 0;
  const serverToolUse = () => ({ webSearchRequests, webFetchRequests });
  const sum = (one: Usage): Usage => ({
    ...(usage === null ? one : addUsage(usage, one)),
    serverToolUse: serverToolUse(),
  });
  return {
    with: sum,
    spent: () => sum(NOTHING_USED),
    serverToolUse,
    inReply(event) {
      return "outputTokens" in event && event.outputTokens !== undefined
        ? { ...event, outputTokens: (usage?.outputTokens ?? 0) + event.outputTokens }
        : event;
    },
    add(end) {
      if (usage === null) firstMiss = end.cacheMissReason;
      usage = sum(end.usage);
      timings = timings === null ? end.timings : addTimings(timings, end.timings);
    },
    count(kind) {
      if (kind === "web-search") webSearchRequests += 1;
      if (kind === "web-fetch") webFetchRequests += 1;
    },
    outputTokens: () => usage?.outputTokens ?? 0,
    end: (last) => ({
      ...last,
      ...withContainer(container),
      usage: { ...(usage ?? last.usage), serverToolUse: serverToolUse() },
      timings: timings ?? last.timings,
      cacheMissReason: firstMiss,
    }),
  };
}

function withContainer(container: ReplyContainer): Pick<End, "container"> {
  const current = container.current();
  return current === undefined ? {} : { container: current };
}
