import type { Engine } from "../../turn/engine.ts";
import type { Timings, TurnEvent, Usage } from "../../turn/turn-event.ts";
import type { Turn } from "../../turn/turn.ts";

/** Plays a turn: its events, with whatever waiting and failing the test wants. */
export type Script = (turn: Turn, signal: AbortSignal) => AsyncIterable<TurnEvent>;

export interface ScriptedEngine extends Engine {
  play(script: Script): void;
  /** Turns that were begun. */
  readonly turns: readonly Turn[];
  /** Turns whose script ended or was stopped. */
  readonly ended: () => number;
  readonly stopped: () => number;
}

export const USAGE: Usage = {
  inputTokens: 11,
  cacheReadTokens: 7,
  cacheWrite5mTokens: 3,
  cacheWrite1hTokens: 2,
  outputTokens: 0,
  thinkingTokens: 0,
};
const TIMINGS: Timings = { renderMs: 1, queueMs: 2, restoreMs: 3, prefillMs: 4, decodeMs: 5 };

export const start: TurnEvent = { type: "start", usage: USAGE };

export function end(change: Partial<Extract<TurnEvent, { type: "end" }>> = {}): TurnEvent {
  return {
    type: "end",
    stopReason: "end_turn",
    stopSequence: null,
    refusal: null,
    cacheMissReason: null,
    timings: TIMINGS,
    usage: { ...USAGE, outputTokens: 5 },
    ...change,
  };
}

export function textBlock(index: number, ...texts: readonly string[]): TurnEvent[] {
  return [
    { type: "block-start", index, block: { type: "text" } },
    ...texts.map((text): TurnEvent => ({ type: "text-delta", index, text })),
    { type: "block-stop", index },
  ];
}

export function toolBlock(index: number, name: string, ...pieces: readonly string[]): TurnEvent[] {
  return [
    { type: "block-start", index, block: { type: "tool_use", id: `toolu_${index}`, name } },
    ...pieces.map((partialJson): TurnEvent => ({ type: "input-json-delta", index, partialJson })),
    { type: "block-stop", index },
  ];
}

export function thinkingBlock(index: number, signature: string, ...pieces: readonly string[]): TurnEvent[] {
  return [
    { type: "block-start", index, block: { type: "thinking" } },
    ...pieces.map((thinking): TurnEvent => ({ type: "thinking-delta", index, thinking })),
    { type: "signature-delta", index, signature },
    { type: "block-stop", index },
  ];
}

export const HELLO: readonly TurnEvent[] = [start, ...textBlock(0, "Hel", "lo"), end()];

export function scripted(events: readonly TurnEvent[]): Script {
  return async function* () {
    yield* events;
  };
}

/** Fails before the turn has begun. */
export function failing(error: Error): Script {
  const next = async (): Promise<never> => {
    throw error;
  };
  return () => ({ [Symbol.asyncIterator]: () => ({ next }) });
}

export function createScriptedEngine(): ScriptedEngine {
  let script = scripted(HELLO);
  const turns: Turn[] = [];
  let ended = 0;
  let stopped = 0;
  return {
    play(next) {
      script = next;
    },
    turns,
    ended: () => ended,
    stopped: () => stopped,
    list: async () => [{ weights: "tiny", title: "Tiny 1B", contextTokens: 4096, thinking: "emulated" }],
    countTokens: async () => 23,
    async *run(turn, signal) {
      turns.push(turn);
      try {
        for await (const event of script(turn, signal)) {
          signal.throwIfAborted();
          yield event;
        }
      } finally {
        ended++;
        if (signal.aborted) stopped++;
      }
    },
  };
}

/** Waits, or throws the signal's reason as soon as it is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener(
    "abort",
    () => {
      clearTimeout(timer);
      reject(signal.reason);
    },
    { once: true },
  );
  return promise;
}
