import type { TurnEvent } from "../../turn/turn-event.ts";
import type { ReplyState } from "./reply-state.ts";
import { closeJson } from "./syntax/close-json.ts";
import { createJsonStringStop } from "./syntax/json-string-stop.ts";
import type { OpenedCall } from "./syntax/tool-syntax.ts";
import { type KnownCall, mayBecomeKnown } from "./tool-decision/known-calls.ts";

export interface StoppedInput {
  readonly sequence: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/**
 * Writes one tool call. Its input goes out as it is decoded, unless it may have to be taken back: what was sent cannot
 * be. So it is held until it is complete where the schema had to be relaxed (it is validated first) or where its values
 * decide whether the call is made, and as long as it may only repeat a call that is known already.
 */
export class CallWriter {
  readonly opened: OpenedCall;
  readonly #state: ReplyState;
  readonly #id: string;
  readonly #stop: ReturnType<typeof createJsonStringStop>;
  readonly #known: readonly KnownCall[];
  #inexact: boolean;
  readonly #undecided: boolean;
  #started = false;
  #json = "";
  /** Characters of `#json` that have been sent. */
  #sent = 0;

  constructor(
    state: ReplyState,
    opened: OpenedCall,
    options: { readonly inexact: boolean; readonly undecided: boolean; readonly known: readonly KnownCall[] },
  ) {
    this.opened = opened;
    this.#state = state;
    this.#id = state.newToolUseId();
    this.#stop = createJsonStringStop(state.turn.stopSequences);
    this.#known = options.known;
    this.#inexact = options.inexact || !opened.tool.exact;
    this.#undecided = options.undecided;
  }

  /** Nothing of it has been sent: it can still be taken back. */
  get held(): boolean {
    return !this.#started;
  }

  /** Its input has to be validated before it is sent. */
  get inexact(): boolean {
    return this.#inexact;
  }

  relax(): void {
    this.#inexact = true;
  }

  /** The stop sequence that a string value ran into, with the input as it then ends, for `stop` or to be taken back. */
  *push(json: string): Generator<TurnEvent, StoppedInput | null, void> {
    const { text, matched } = this.#stop.push(json);
    this.#json += text;
    if (matched === null) {
      yield* this.#send();
      return null;
    }
    this.#json += closeJson(this.#json);
    return { sequence: matched, input: parseInput(this.#json) };
  }

  *stop(stopped: StoppedInput): Generator<TurnEvent, void, void> {
    yield* this.#finish(stopped.input);
  }

  *end(input: Readonly<Record<string, unknown>>): Generator<TurnEvent, void, void> {
    this.#json += this.#stop.finish();
    yield* this.#finish(input);
  }

  /** `max_tokens` came first: the block stays open, as on the platform. */
  *cutOff(): Generator<TurnEvent, void, void> {
    yield* this.#release();
  }

  *#finish(input: Readonly<Record<string, unknown>>): Generator<TurnEvent, void, void> {
    yield* this.#release();
    yield* this.#state.writer.stopToolUse(this.#id, this.opened.tool.spec.name, input);
  }

  *#send(): Generator<TurnEvent, void, void> {
    const name = this.opened.tool.spec.name;
    if (this.#inexact || this.#undecided || (this.held && mayBecomeKnown(name, this.#json, this.#known))) return;
    yield* this.#release();
  }

  *#release(): Generator<TurnEvent, void, void> {
    if (!this.#started) {
      this.#started = true;
      yield* this.#state.writer.toolUse(this.#id, this.opened.tool.spec.name);
    }
    yield* this.#state.writer.inputJson(this.#json.slice(this.#sent));
    this.#sent = this.#json.length;
  }
}

function parseInput(json: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(json);
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
