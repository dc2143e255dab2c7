import { newId } from "../platform/ids.ts";
import { fromSummaryOn, mergeMessages, toSummaryBlock } from "../prompt/index.ts";
import { addTimings, addUsage } from "../turn/add-usage.ts";
import { countOnWire, type Engine } from "../turn/engine.ts";
import type { TurnEvent, Usage } from "../turn/turn-event.ts";
import type { Compaction, Turn, TurnMessage } from "../turn/turn.ts";
import { readSummary, toSummaryTurn } from "./summary-request.ts";

/** The platform's default, which few local models have room for; those begin with a quarter of their window free. */
const TRIGGER_TOKENS = 150_000;
const TRIGGER_SHARE = 0.75;
/** What the user said last is kept word for word: the model is to answer it. */
const LAST_WORDS_MAX_CHARACTERS = 8_000;

/**
 * An engine whose turns begin with a summary where the conversation has grown too long: one turn of the engine writes it, the
 * next goes on from it. To everything above it is one turn. See docs/decisions/2026-11-22-compaction.md.
 */
export function createCompactor(engine: Engine): Engine {
  return {
    list: () => engine.list(),
    countTokens: (turn, signal) => engine.countTokens(turn, signal),
    ...(engine.countOnWire ? { countOnWire: (turn, signal) => countOnWire(engine, turn, signal) } : {}),
    run: (turn, signal) =>
      turn.compaction === undefined ? engine.run(turn, signal) : compact(engine, turn, turn.compaction, signal),
  };
}

type End = Extract<TurnEvent, { type: "end" }>;
type BlockEvent = Extract<TurnEvent, { index: number }>;

function compact(
  engine: Engine,
  { compaction: _once, ...turn }: Turn,
  compaction: Compaction,
  signal: AbortSignal,
): AsyncGenerator<TurnEvent, void, void> {
  return compaction.when === "on-demand"
    ? runSummary(engine, turn, compaction, signal)
    : runCompacted(engine, turn, compaction, signal);
}

/** The summary is the whole reply, and bounded as a reply is; a call that came to none leaves a reply without content. */
async function* runSummary(
  engine: Engine,
  turn: Turn,
  { instructions }: Compaction,
  signal: AbortSignal,
): AsyncGenerator<TurnEvent, void, void> {
  const asked = toSummaryTurn(turn, turn.messages, instructions, newId("msg"));
  const written: { text: string; end: End | null } = { text: "", end: null };
  yield* summarize(engine, { ...asked, maxTokens: turn.maxTokens, messages: mergeMessages(asked.messages) }, written, signal);
  signal.throwIfAborted();
  const { text, end } = written;
  if (end === null) throw new Error("a turn's last event is its end");
  const content = end.stopReason === "end_turn" ? readSummary(text) : null;
  if (content !== null) {
    yield { type: "block-start", index: 0, block: { type: "compaction", content } };
    yield { type: "block-stop", index: 0 };
  }
  const iterations = [{ type: "compaction" as const, usage: end.usage }];
  yield { ...end, ...(content === null ? {} : { stopReason: "compaction" }), iterations };
}

async function* runCompacted(
  engine: Engine,
  turn: Turn,
  compaction: Compaction,
  signal: AbortSignal,
): AsyncGenerator<TurnEvent, void, void> {
  const trigger = compaction.triggerTokens ?? (await defaultTrigger(engine, turn));
  if ((await engine.countTokens(turn, signal)) < trigger) return yield* engine.run(turn, signal);

  const last = turn.messages.at(-1);
  const prefill = last?.role === "assistant" ? [last] : [];
  const history = turn.messages.slice(0, turn.messages.length - prefill.length);
  const asked = toSummaryTurn(turn, history, compaction.instructions, newId("msg"));
  const written: { text: string; end: End | null } = { text: "", end: null };
  yield* summarize(engine, { ...asked, messages: mergeMessages(asked.messages) }, written, signal);
  signal.throwIfAborted();
  const { text, end } = written;
  if (end === null) throw new Error("a turn's last event is its end");

  const summary = readSummary(text);
  const content = summary === null ? null : withLastWords(summary, history);
  yield { type: "block-start", index: 0, block: { type: "compaction" } };
  yield { type: "compaction-delta", index: 0, content };
  yield { type: "block-stop", index: 0 };
  const iteration = { type: "compaction" as const, usage: end.usage };
  if (compaction.pauses) {
    return yield { ...end, stopReason: "compaction", stopSequence: null, refusal: null, iterations: [iteration] };
  }
  const next = content === null ? turn : { ...turn, messages: compacted(history, content, prefill) };
  for await (const event of engine.run(next, signal)) {
    switch (event.type) {
      case "start":
        yield { type: "step", usage: addUsage(end.usage, event.usage) };
        break;
      case "step":
        yield {
          type: "step",
          usage: addUsage(end.usage, event.usage),
          ...(event.spent ? { spent: addUsage(end.usage, event.spent) } : {}),
        };
        break;
      case "tools-used":
      case "progress":
      case "wire":
        yield event;
        break;
      case "end":
        yield {
          ...event,
          usage: addUsage(end.usage, event.usage),
          iterations: [iteration, { type: "message", usage: event.usage }],
          timings: addTimings(end.timings, event.timings),
        };
        break;
      default:
        yield behind(event, end.usage.outputTokens);
    }
  }
}

/** Runs the turn that writes a summary; of its events those come out that a reply can have before its first block. */
async function* summarize(
  engine: Engine,
  turn: Turn,
  written: { text: string; end: End | null },
  signal: AbortSignal,
): AsyncGenerator<TurnEvent, void, void> {
  let used: Usage | null = null;
  let outputTokens = 0;
  for await (const event of engine.run(turn, signal)) {
    if (event.type === "start") {
      used = event.usage;
      yield { ...event, iterations: [] };
    } else if (event.type === "progress") {
      yield event;
    } else if (event.type === "text-delta") {
      written.text += event.text;
      // Whoever accounts for a turn that is cut short must know what was decoded.
      outputTokens = event.outputTokens ?? outputTokens + 1;
      if (used !== null) yield { type: "step", usage: { ...used, outputTokens } };
    } else if (event.type === "end") {
      written.end = event;
    }
  }
}

async function defaultTrigger(engine: Engine, { weights }: Turn): Promise<number> {
  const window = (await engine.list()).find((each) => each.weights === weights)?.contextTokens ?? Infinity;
  return Math.min(TRIGGER_TOKENS, Math.floor(window * TRIGGER_SHARE));
}

function compacted(history: readonly TurnMessage[], content: string, prefill: readonly TurnMessage[]): TurnMessage[] {
  const summary = toSummaryBlock(content);
  return mergeMessages(fromSummaryOn([...history, { role: "user", content: [summary] }, ...prefill], summary));
}

function withLastWords(summary: string, history: readonly TurnMessage[]): string {
  const last = history.findLast(({ role }) => role !== "system");
  const words =
    last?.role === "user" ? last.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n\n") : "";
  if (words === "" || words.length > LAST_WORDS_MAX_CHARACTERS) return summary;
  return `${summary}\n\nThe user's last message, word for word:\n${words}`;
}

/** An event of the reply, behind the block and the tokens of the summary. */
function behind(event: BlockEvent, outputTokens: number): TurnEvent {
  const index = event.index + 1;
  return "outputTokens" in event && event.outputTokens !== undefined
    ? { ...event, index, outputTokens: event.outputTokens + outputTokens }
    : { ...event, index };
}
