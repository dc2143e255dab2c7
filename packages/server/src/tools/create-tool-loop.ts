import type { ServerToolResultBlock } from "@parley/wire";
import { Failure } from "../platform/fail.ts";
import type { Log } from "../platform/log.ts";
import { toProgramCaller, toServerCallId } from "../prompt/index.ts";
import { countOnWire, type Engine } from "../turn/engine.ts";
import type { BlockStart, TurnEvent } from "../turn/turn-event.ts";
import type { ProgramCallResult, Turn } from "../turn/turn.ts";
import { NOTHING_USED } from "../turn/add-usage.ts";
import { createTally, type Tally } from "./create-tally.ts";
import { followStep, type MadeCall, type OwnCall } from "./follow-step.ts";
import type { McpCalls, McpConnector } from "./mcp/mcp-connector.ts";
import { nameMembers } from "./name-members.ts";
import { nextTurn, withOpenResults } from "./next-turn.ts";
import { tellListings } from "./tell-listings.ts";
import { createReplyContainer } from "./reply-container.ts";
import { type ProgramCall, type ProgramCalls, type ReplyContainer, ServerToolError, type ServerTools } from "./server-tool.ts";
import { STEPS_MAX } from "./steps-max.ts";
import { toProgramAnswer } from "./to-program-answer.ts";

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
    run(turn, signal) {
      // Where a request is passed on, its tools are the upstream's.
      if (turn.wire) return engine.run(turn, signal);
      const isLoop = (turn.serverTools ?? []).length + (turn.mcpTools ?? []).length > 0;
      const events = isLoop ? runLoop(options, turn, signal) : engine.run(turn, signal);
      return tellListings(nameMembers(events, turn), turn);
    },
  };
}

type End = Extract<TurnEvent, { type: "end" }>;

async function* runLoop(options: ToolLoopOptions, turn: Turn, signal: AbortSignal): AsyncGenerator<TurnEvent, void, void> {
  // One connection to each MCP server that the turn calls, whatever of it a session of that server remembers.
  using mcp = options.mcp.open(signal);
  const container = createReplyContainer();
  const tally = createTally(container);
  try {
    yield* runSteps(options, turn, { uses: new Map(), tally, container, mcp, signal });
  } catch (error) {
    // What was searched before the turn failed, or its client left, was done for it.
    yield { type: "tools-used", serverToolUse: tally.serverToolUse() };
    throw error;
  }
}

/** What all calls of one reply share. */
interface Shared {
  /** How often each tool has been called. */
  readonly uses: Map<string, number>;
  readonly tally: Tally;
  readonly container: ReplyContainer;
  readonly mcp: McpCalls;
  readonly signal: AbortSignal;
}

async function* runSteps(options: ToolLoopOptions, turn: Turn, shared: Shared): AsyncGenerator<TurnEvent, void, void> {
  const { tally, signal } = shared;
  let current = turn;
  let nextIndex = 0;
  let last: End | null = null;
  const { answeredPrograms = [] } = turn;
  if (answeredPrograms.length > 0) {
    // The reply before this one goes on: with its programs first, which ask the model nothing.
    last = PROGRAMS_ALONE;
    yield { type: "start", usage: NOTHING_USED };
    const told = yield* tell(options, shared, { turn, calls: toAnsweredCalls(turn), firstIndex: nextIndex });
    signal.throwIfAborted();
    nextIndex += told.indices;
    if (told.isWaiting) return yield tally.end(last);
    current = withOpenResults(options, turn, told.results);
  }
  for (let stepNumber = 1; ; stepNumber += 1) {
    const step = followStep(nextIndex, turn);
    let end: End | null = null;
    let hasStarted = false;
    const events = options.engine.run(current, signal);
    const hasBegun = last !== null;
    for await (const event of hasBegun ? orNothing(events, () => hasStarted) : events) {
      if (event.type === "start") hasStarted = true;
      switch (event.type) {
        case "start":
          yield hasBegun ? { type: "step", usage: tally.with(event.usage), spent: tally.spent() } : event;
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

    const told = yield* tell(options, shared, { turn: current, calls, firstIndex: nextIndex });
    nextIndex += told.indices;
    signal.throwIfAborted();
    // A client's own call in the same step, or one that a program makes, is answered in its next request, and so are we.
    if (told.isWaiting || step.hasClientCalls()) return yield tally.end(end);
    if (stepNumber === STEPS_MAX) return yield tally.end({ ...end, stopReason: "pause_turn" });
    const maxTokens = turn.maxTokens - tally.outputTokens();
    if (maxTokens <= 0) return yield tally.end({ ...end, stopReason: "max_tokens" });
    current = nextTurn(options, { turn, current, maxTokens, written: step.written(), results: told.results });
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

/** A reply so far in which the model has not spoken. */
const PROGRAMS_ALONE: End = {
  type: "end",
  stopReason: "tool_use",
  stopSequence: null,
  refusal: null,
  usage: NOTHING_USED,
  timings: { renderMs: 0, queueMs: 0, restoreMs: 0, prefillMs: 0, decodeMs: 0 },
  cacheMissReason: null,
};

interface Told {
  readonly results: readonly ServerToolResultBlock[];
  /** A program waits for the client. */
  readonly isWaiting: boolean;
  /** That the blocks took. */
  readonly indices: number;
}

/** What came of calls, in their order, as blocks of the reply: their results, or what their programs ask. */
async function* tell(
  options: ToolLoopOptions,
  shared: Shared,
  { turn, calls, firstIndex }: { readonly turn: Turn; readonly calls: readonly MadeCall[]; readonly firstIndex: number },
): AsyncGenerator<TurnEvent, Told, void> {
  const running = calls.map((call) => ({ call, outcome: answer(options, { ...shared, call, turn }) }));
  // They are awaited in the order of the calls; one that throws meanwhile is seen when its turn comes, or never if the client left.
  for (const { outcome } of running) outcome.catch(() => {});
  const results: ServerToolResultBlock[] = [];
  let isWaiting = false;
  let index = firstIndex;
  const whole = function* (block: BlockStart): Generator<TurnEvent> {
    yield { type: "block-start", index, block };
    yield { type: "block-stop", index };
    index += 1;
  };
  for (const { call, outcome } of running) {
    let next = await outcome;
    let seen = turn;
    while (next.type === "program_calls") {
      if (call.by !== "server") throw new Error("only programs of our own call tools");
      const caller = toProgramCaller(call.tool.definition, call.id);
      const own = next.calls.map((each) => toOwnCall(each, turn));
      for (const [at, { id, name, input }] of next.calls.entries()) {
        const byProgram = { caller, input };
        const made = own[at];
        yield* whole(
          made ? { type: "server_tool_use", id: made.id, name: made.name, byProgram } : { type: "tool_use", id, name, byProgram },
        );
      }
      // A program asks one of them at a time: this server, or its client.
      const answers: ProgramCallResult[] = [];
      for (const [at, { id }] of next.calls.entries()) {
        const made = own[at];
        if (made === null || made === undefined) continue;
        const block = await answer(options, { ...shared, call: made, turn: seen, isByProgram: true });
        if (block.type === "program_calls") throw new Error("only code calls tools");
        yield* whole({ type: "server_tool_result", block: "caller" in block ? { ...block, caller } : block });
        answers.push(toProgramAnswer(id, block, (sealed) => options.openSealed(turn.workspaceId, sealed)));
        seen = withSeen(seen, made, answers.at(-1)?.text ?? "");
      }
      if (answers.length === 0) break;
      next = await answer(options, { ...shared, call: { ...call, answers }, turn });
    }
    if (next.type === "program_calls") {
      isWaiting = true;
      continue;
    }
    results.push(next);
    yield* whole({ type: "server_tool_result", block: next });
  }
  return { results, isWaiting, indices: index - firstIndex };
}

/** What a program asks of this server; null where the client runs the tool. */
function toOwnCall({ id, name, input }: ProgramCall, { serverTools = [] }: Turn): OwnCall | null {
  const tool = serverTools.find((each) => each.name === name);
  return tool === undefined ? null : { by: "server", id: toServerCallId(id), name: tool.name, input, tool };
}

/** With what a program was given: pages that its searches found may be fetched. */
function withSeen(turn: Turn, { id, name, input }: OwnCall, text: string): Turn {
  const content = [{ type: "text" as const, text }];
  return {
    ...turn,
    messages: [
      ...turn.messages,
      { role: "assistant", content: [{ type: "tool_use", id, name, input }] },
      { role: "user", content: [{ type: "tool_result", toolUseId: id, isError: false, content }] },
    ],
  };
}

/** The calls of code that go on. The request declares their tools: see `toTurn`. */
function toAnsweredCalls({ answeredPrograms = [], serverTools = [] }: Turn): MadeCall[] {
  return answeredPrograms.flatMap(({ callId: id, name, input, results }): MadeCall[] => {
    const tool = serverTools.find((each) => each.name === name);
    return tool === undefined ? [] : [{ by: "server", id, name, input, tool, answers: results }];
  });
}

/** One call's result. Never throws, but for the turn's own end. */
async function answer(
  { tools, log, callTimeoutMs = CALL_TIMEOUT_MS }: ToolLoopOptions,
  {
    call,
    turn,
    isByProgram = false,
    uses,
    tally,
    container,
    mcp,
    signal,
  }: Shared & { readonly call: MadeCall; readonly turn: Turn; readonly isByProgram?: boolean },
): Promise<ServerToolResultBlock | ProgramCalls> {
  if (call.by === "mcp") return mcp.call(call, callTimeoutMs);
  const tool = tools[call.name];
  const { definition } = call.tool;
  const { answers } = call;
  const used = (uses.get(call.name) ?? 0) + 1;
  uses.set(call.name, used);
  // The model calls as often as there are steps; a program could call for ever, and searches cost money.
  const most = isByProgram ? STEPS_MAX : Infinity;
  const usesMax = "max_uses" in definition ? Math.min(definition.max_uses ?? most, most) : most;
  if (used > usesMax) return tool.error(call.id, "max_uses_exceeded");
  const timeout = AbortSignal.timeout(tool.timeoutMs ?? callTimeoutMs);
  try {
    const made = { id: call.id, input: call.input, definition, turn, container, signal: AbortSignal.any([signal, timeout]) };
    const result = answers && tool.goOn ? await tool.goOn(made, answers) : await tool.run(made);
    if (result.type !== "program_calls" && !("error_code" in result.content)) tally.count(tool.counts);
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
