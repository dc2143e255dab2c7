import type { TurnEvent } from "../../turn/turn-event.ts";
import type { ReplyState } from "./reply-state.ts";
import { closeJson } from "./syntax/close-json.ts";
import { createJsonStringStop } from "./syntax/json-string-stop.ts";
import type { OpenedCall } from "./syntax/tool-syntax.ts";

/**
 * Writes one tool call. Its input goes out as it is decoded where the grammar alone makes it valid; where the schema
 * had to be relaxed it is held until it has been validated, since what was sent cannot be taken back.
 */
export class CallWriter {
  readonly opened: OpenedCall;
  #buffered: boolean;
  #started = false;
  readonly #state: ReplyState;
  readonly #id: string;
  readonly #stop: ReturnType<typeof createJsonStringStop>;
  #json = "";

  constructor(state: ReplyState, opened: OpenedCall) {
    this.opened = opened;
    this.#buffered = !opened.tool.exact;
    this.#state = state;
    this.#id = state.newToolUseId();
    this.#stop = createJsonStringStop(state.turn.stopSequences);
  }

  /** Its input has to be validated before it is sent. */
  get buffered(): boolean {
    return this.#buffered;
  }

  relax(): void {
    this.#buffered = true;
  }

  *begin(): Generator<TurnEvent, void, void> {
    if (!this.#buffered) yield* this.#start();
  }

  /** Returns the stop sequence that a string value of the input ran into, or null. */
  *push(json: string): Generator<TurnEvent, string | null, void> {
    const { text, matched } = this.#stop.push(json);
    this.#json += text;
    if (!this.#buffered) yield* this.#state.writer.inputJson(text);
    if (matched === null) return null;
    const closing = closeJson(this.#json);
    if (this.#buffered) yield* this.#startWithHeld();
    yield* this.#state.writer.inputJson(closing);
    yield* this.#state.writer.stopToolUse(this.#id, this.opened.tool.spec.name, parseInput(this.#json + closing));
    return matched;
  }

  *end(input: Readonly<Record<string, unknown>>): Generator<TurnEvent, void, void> {
    const rest = this.#stop.finish();
    this.#json += rest;
    if (this.#buffered) yield* this.#startWithHeld();
    else yield* this.#state.writer.inputJson(rest);
    yield* this.#state.writer.stopToolUse(this.#id, this.opened.tool.spec.name, input);
  }

  /** `max_tokens` came first: the block stays open, as on the platform. */
  *cutOff(): Generator<TurnEvent, void, void> {
    if (this.#buffered) yield* this.#startWithHeld();
  }

  *#start(): Generator<TurnEvent, void, void> {
    if (this.#started) return;
    this.#started = true;
    yield* this.#state.writer.toolUse(this.#id, this.opened.tool.spec.name);
  }

  *#startWithHeld(): Generator<TurnEvent, void, void> {
    yield* this.#start();
    yield* this.#state.writer.inputJson(this.#json);
  }
}

function parseInput(json: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(json);
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
