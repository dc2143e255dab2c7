import type { WeightsDescription } from "../../turn/engine.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";
import type { Turn } from "../../turn/turn.ts";

/** How one upstream is spoken to. Every failure of it is an `UpstreamFailure`; an aborted signal stops it. */
export interface UpstreamDriver {
  /** `model` is the upstream's own name for it; null: as the client has it. The first event is `start`. */
  run(
    turn: Turn,
    at: { readonly model: string | null; readonly isFallback: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<TurnEvent, void, void>;
  countTokens(turn: Turn, model: string | null, signal: AbortSignal): Promise<number>;
  /** The whole answer, where requests are passed on. */
  countOnWire?(turn: Turn, model: string | null, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>>;
  /** What the server has told of its model; null until it has. */
  describe?(): Pick<WeightsDescription, "contextTokens" | "thinking"> | null;
  /** Resolves where the upstream can be reached and takes our key. */
  probe(signal: AbortSignal): Promise<void>;
  close(): void;
}
