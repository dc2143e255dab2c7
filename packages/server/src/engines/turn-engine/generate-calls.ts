import { GrammarRejected, type SamplerOptions } from "../backend.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";
import { fail } from "../../platform/fail.ts";
import { CallWriter } from "./call-writer.ts";
import type { DecodeEnd } from "./decoder.ts";
import { textSink } from "./generate-text.ts";
import { type ReplyEnding, type ReplyEvents, type ReplyState, ending, outOfRoom } from "./reply-state.ts";
import type { CompiledTool, OpenedCall, OutputScanner, ScanEvent } from "./syntax/tool-syntax.ts";
import type { TextSink } from "./text-sink.ts";

export interface CallOptions {
  readonly tools: readonly CompiledTool[];
  /** `any` and `tool`: the reply begins with a call. */
  readonly forced: boolean;
  readonly parallel: boolean;
  /** GBNF of the text that may stand in place of a call (`output_config.format`), or null for free text. */
  readonly textGrammar: string | null;
}

/** Greedy: of a call's input only the most likely reading is wanted, unless the client asked for a temperature. */
const GREEDY: SamplerOptions = { temperature: 0, topP: 1, topK: 0 };
/** A second try must not write the same again. */
const RESAMPLE: SamplerOptions = { temperature: 0.8, topP: 0.95, topK: 0 };
/** Text after a call that is looked at for a further call before the turn ends. */
const AFTER_CALL_CHARACTERS = 24;

type Step =
  | { readonly kind: "decode-ended"; readonly end: DecodeEnd }
  /** A call was opened in free text: the rest is decoded under its grammar. */
  | { readonly kind: "opened"; readonly call: OpenedCall }
  | { readonly kind: "call-invalid"; readonly call: CallWriter; readonly error: string }
  | { readonly kind: "stopped"; readonly sequence: string }
  /** After a call: the model goes on in prose. */
  | { readonly kind: "prose" }
  | { readonly kind: "grammar-rejected" };

/**
 * Decodes a reply that may hold tool calls. Free text is scanned; once a call has begun, decoding goes back to the last
 * token before its input and goes on under the tool's grammar, so that what finishes is valid (promise 3).
 */
export async function* generateWithTools(state: ReplyState, options: CallOptions): ReplyEvents {
  return yield* new CallGeneration(state, options).run();
}

class CallGeneration {
  readonly #state: ReplyState;
  readonly #options: CallOptions;
  readonly #sink: TextSink;
  readonly #scanner: OutputScanner;
  /** Where the scanner's offsets count from: a thinking phase may stand before it in the log. */
  readonly #base: number;
  #call: CallWriter | null = null;
  #finishedCalls = 0;
  /** The engine could not compile the tools' schemas: inputs are any JSON objects, validated afterwards. */
  #relaxed = false;
  /** Characters of the log up to the end of the last finished call. */
  #callsEnd = 0;
  #proseAfterCall = "";

  constructor(state: ReplyState, options: CallOptions) {
    this.#state = state;
    this.#options = options;
    this.#sink = textSink(state);
    this.#scanner = state.syntax.scanner(options.tools);
    this.#base = state.decoder.log.text.length;
  }

  async *run(): ReplyEvents {
    let grammar = this.#firstGrammar();
    let sampler = this.#options.forced ? this.#callSampler() : this.#state.sampler;
    /** Text that the next decode writes again, already known to the scanner. */
    let literal = "";
    let resampled = false;
    for (;;) {
      const step: Step = yield* this.#decodeOnce(grammar, sampler, literal);
      switch (step.kind) {
        case "grammar-rejected":
          if (this.#relaxed) throw rejectedTwice();
          this.#state.note("grammar-rejected");
          this.#relaxed = true;
          this.#call?.relax();
          grammar = this.#call === null ? this.#firstGrammar() : this.#restOfCall(this.#call.opened, literal);
          continue;
        case "opened":
          literal = this.#state.decoder.log.rewindTo(this.#base + step.call.inputStart);
          grammar = this.#restOfCall(step.call, literal);
          sampler = this.#callSampler();
          this.#scanner.reopen(step.call);
          yield* this.#open(step.call);
          continue;
        case "call-invalid":
          if (resampled) return yield* this.#refuse(step.call, step.error);
          resampled = true;
          this.#state.note("call-resampled");
          literal = this.#state.decoder.log.rewindTo(this.#base + step.call.opened.inputStart);
          grammar = this.#restOfCall(step.call.opened, literal);
          sampler = RESAMPLE;
          this.#scanner.reopen(step.call.opened);
          yield* this.#open(step.call.opened);
          continue;
        case "stopped":
          return ending("stop_sequence", { stopSequence: step.sequence, replayable: false });
        case "prose":
          return this.#endAfterCalls();
        case "decode-ended":
          break;
        default:
          step satisfies never;
      }
      if (step.end === "room") return yield* this.#endOutOfRoom();
      const goesOn = grammar !== null && this.#finishedCalls > 0 && this.#call === null && this.#options.parallel;
      if (!goesOn) return yield* this.#endOfTurn();
      // The grammar ended with the call; the model itself says whether another follows.
      grammar = null;
      literal = "";
      sampler = this.#callSampler();
    }
  }

  #restOfCall(opened: OpenedCall, literal: string): string {
    return this.#state.syntax.restOfCallGrammar(this.#relaxIfNeeded(opened.tool), literal, opened);
  }

  #relaxIfNeeded(tool: CompiledTool): CompiledTool {
    return this.#relaxed ? { ...tool, grammar: null, exact: false } : tool;
  }

  #firstGrammar(): string | null {
    const { forced, textGrammar } = this.#options;
    const tools = this.#options.tools.map((tool) => this.#relaxIfNeeded(tool));
    if (forced) return this.#state.syntax.callGrammar(tools);
    if (textGrammar === null) return null;
    return eitherGrammar(this.#state.syntax.callGrammar(tools), textGrammar);
  }

  #callSampler(): SamplerOptions {
    return this.#state.turn.sampling.temperature === null ? GREEDY : this.#state.sampler;
  }

  async *#decodeOnce(grammar: string | null, sampler: SamplerOptions, literal: string): AsyncGenerator<TurnEvent, Step, void> {
    let unread = literal.length;
    const constrained = grammar !== null;
    const decode = this.#state.decoder.decode({ grammar, sampler });
    try {
      for (;;) {
        const step = await decode.next();
        if (step.done) {
          if (step.value === "end-token" && !constrained) {
            const ended = yield* this.#read(this.#scanner.finish(), constrained);
            if (ended !== null) return ended;
          }
          return { kind: "decode-ended", end: step.value };
        }
        if (typeof step.value !== "string") {
          yield { type: "progress", phase: "prefill", ...step.value };
          continue;
        }
        const text = step.value.slice(unread);
        unread = Math.max(0, unread - step.value.length);
        if (text === "") continue;
        const ended = yield* this.#read(this.#scanner.push(text), constrained);
        if (ended !== null) return ended;
      }
    } catch (error) {
      if (error instanceof GrammarRejected) return { kind: "grammar-rejected" };
      throw error;
    } finally {
      await decode.return("end-token");
    }
  }

  /** Turns what the scanner saw into events; returns a step where decoding has to change course. */
  *#read(events: readonly ScanEvent[], constrained: boolean): Generator<TurnEvent, Step | null, void> {
    for (const event of events) {
      switch (event.type) {
        case "text": {
          const step = yield* this.#readText(event.text);
          if (step !== null) return step;
          break;
        }
        case "call-open": {
          const whole = events.some(({ type }) => type === "call-close");
          if (!constrained && !whole) return { kind: "opened", call: event.call };
          yield* this.#open(event.call);
          const text = this.#state.decoder.log.text.slice(this.#base + event.call.inputStart);
          if (whole || text === "") break;
          return yield* this.#read(this.#scanner.push(text), constrained);
        }
        case "input-delta": {
          const matched = this.#call === null ? null : yield* this.#call.push(event.json);
          if (matched !== null) return { kind: "stopped", sequence: matched };
          break;
        }
        case "call-close": {
          const step = yield* this.#close(event.input, event.error);
          if (step !== null) return step;
          break;
        }
        default:
          event satisfies never;
      }
    }
    return null;
  }

  *#readText(text: string): Generator<TurnEvent, Step | null, void> {
    if (this.#finishedCalls === 0) {
      const matched = yield* this.#sink.push(text);
      if (matched === null) return null;
      yield* this.#state.writer.stop();
      return { kind: "stopped", sequence: matched };
    }
    // A weak model that goes on after its call invents the result; the turn ends at the call instead.
    this.#proseAfterCall += text;
    return this.#proseAfterCall.trim().length > AFTER_CALL_CHARACTERS ? { kind: "prose" } : null;
  }

  *#open(opened: OpenedCall): Generator<TurnEvent, void, void> {
    if (this.#finishedCalls === 0) yield* this.#sink.beforeCall();
    this.#proseAfterCall = "";
    this.#call = new CallWriter(this.#state, opened);
    if (this.#relaxed) this.#call.relax();
    yield* this.#call.begin();
  }

  *#close(input: Readonly<Record<string, unknown>>, error: string | null): Generator<TurnEvent, Step | null, void> {
    const call = this.#call;
    if (call === null) return null;
    if (error !== null && call.buffered) {
      this.#call = null;
      return { kind: "call-invalid", call, error };
    }
    yield* call.end(input);
    this.#call = null;
    this.#finishedCalls += 1;
    this.#callsEnd = this.#state.decoder.log.text.length;
    return null;
  }

  /** The model ended its turn. */
  async *#endOfTurn(): ReplyEvents {
    if (this.#finishedCalls > 0) return this.#endAfterCalls();
    yield* this.#read(this.#scanner.finish(), true);
    if (this.#finishedCalls > 0) return this.#endAfterCalls();
    yield* this.#sink.finish();
    yield* this.#state.writer.stop();
    return ending("end_turn");
  }

  #endAfterCalls(): ReplyEnding {
    this.#state.decoder.log.rewindTo(Math.max(this.#callsEnd, this.#base));
    return ending("tool_use");
  }

  async *#endOutOfRoom(): ReplyEvents {
    if (this.#call !== null) {
      yield* this.#call.cutOff();
      return { ...outOfRoom(this.#state), replayable: false };
    }
    if (this.#finishedCalls > 0) return this.#endAfterCalls();
    yield* this.#read(this.#scanner.finish(), true);
    yield* this.#sink.finish();
    yield* this.#state.writer.stop();
    return outOfRoom(this.#state);
  }

  /** The second try failed the schema as well. A call that is promised to be valid is not sent. */
  async *#refuse(call: CallWriter, error: string): ReplyEvents {
    this.#state.note("call-refused");
    yield* this.#state.writer.stop();
    const tool = call.opened.tool.spec.name;
    return ending("refusal", {
      refusal: `The model's input for tool \`${tool}\` does not satisfy its schema: ${error}`,
      replayable: false,
    });
  }
}

function rejectedTwice(): Error {
  return fail("api_error", {
    public: "The tools' grammar could not be compiled.",
    internal: "a grammar of bare JSON objects was rejected",
  });
}

/** One grammar for "a call, or text of the promised form". */
function eitherGrammar(call: string, text: string): string {
  const renamed = (grammar: string, name: string): string => grammar.replace(/^root(?=\s*::=)/m, name);
  return `root ::= either-call | either-text\n${renamed(call, "either-call")}\n${renamed(text, "either-text")}\n`;
}
