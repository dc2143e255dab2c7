import type { TurnEvent } from "../turn/turn-event.ts";
import type { Turn } from "../turn/turn.ts";
import { Failure } from "./fail.ts";
import type { EngineSpanStart, Tracing } from "./tracing.ts";

export type EngineTracing = Pick<Tracing, "startEngine">;

/** Runs a turn below a span of its own; where nothing is traced, nothing stands between. */
export function traceEngine(
  tracing: EngineTracing,
  { name, side }: Pick<EngineSpanStart, "name" | "side">,
  turn: Turn,
  run: (turn: Turn) => AsyncGenerator<TurnEvent, void, void>,
): AsyncGenerator<TurnEvent, void, void> {
  const { requestId, weights, traceparent } = turn;
  const span = tracing.startEngine({ name, side, requestId, weights, traceparent });
  if (span.traceparent === undefined) return run(turn);
  return follow(span, run({ ...turn, traceparent: span.traceparent }), side);
}

async function* follow(
  span: ReturnType<Tracing["startEngine"]>,
  events: AsyncGenerator<TurnEvent, void, void>,
  side: EngineSpanStart["side"],
): AsyncGenerator<TurnEvent, void, void> {
  // A client that leaves ends the generator without a word, or with what is no failure of ours.
  let outcome = "left";
  let timings: Extract<TurnEvent, { type: "end" }>["timings"] | null = null;
  try {
    for await (const event of events) {
      if (event.type === "end") {
        outcome = "completed";
        // Whoever asked tells the same times.
        if (side !== "answers") ({ timings } = event);
      }
      yield event;
    }
  } catch (error) {
    if (error instanceof Failure) outcome = error.type;
    throw error;
  } finally {
    span.end(outcome, timings);
  }
}
