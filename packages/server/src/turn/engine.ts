import type { Turn } from "./turn.ts";
import type { TurnEvent } from "./turn-event.ts";

/** What a set of weights can do and how large it is; `GET /v1/models` and validation read it. */
export interface WeightsDescription {
  readonly weights: string;
  /** Human name of the weights, for `display_name`. */
  readonly title: string;
  /** The real context window in tokens. */
  readonly contextTokens: number;
  readonly thinking: "native" | "emulated";
}

/** Runs turns. Every failure is a `Failure`; an aborted signal ends the generator within one token. */
export interface Engine {
  /** Weights that can be run now (on disk), whether loaded or not. */
  list(): Promise<readonly WeightsDescription[]>;
  /** Prompt tokens of the turn, by the same render that `run` uses. */
  countTokens(turn: Turn, signal: AbortSignal): Promise<number>;
  /** The whole answer of an upstream to a counting that is passed on. */
  countOnWire?(turn: Turn, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>>;
  run(turn: Turn, signal: AbortSignal): AsyncGenerator<TurnEvent, void, void>;
}

/** For engines around an engine that passes requests on. */
export function countOnWire(engine: Engine, turn: Turn, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
  if (!engine.countOnWire) throw new Error("the engine passes nothing on");
  return engine.countOnWire(turn, signal);
}
