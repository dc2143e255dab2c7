import { GrammarRejected, type SamplerOptions } from "../backend.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";
import { fail } from "../../platform/fail.ts";
import type { Opening, Phase, Step } from "./call-steps.ts";
import { CallWriter, type StoppedInput } from "./call-writer.ts";
import { FirstText } from "./tool-decision/first-text.ts";
import { textSink } from "./generate-text.ts";
import { closeThought } from "./generate-thinking.ts";
import type { CompiledOutputSchema } from "./grammar/compile-output-schema.ts";
import { type ReplyEnding, type ReplyEvents, type ReplyState, ending, outOfRoom } from "./reply-state.ts";
import { GREEDY, RESAMPLE } from "./samplers.ts";
import { WORDS, eitherGrammar, withLiteral } from "./syntax/phase-grammars.ts";
import type { BegunCalls, CompiledTool, OpenedCall, OutputScanner, ScanEvent, Thoughts } from "./syntax/tool-syntax.ts";
import type { TextSink } from "./text-sink.ts";
import { CallJudge } from "./tool-decision/call-judge.ts";
import { namesOne } from "./tool-decision/names-one.ts";
import { type KnownCall, isKnown } from "./tool-decision/known-calls.ts";

export interface CallOptions {
  readonly tools: readonly CompiledTool[];
  /** `any` and `tool`: the reply begins with a call. */
  readonly forced: boolean;
  readonly parallel: boolean;
  /** `output_config.format`: what the text that may stand in place of a call has to be; null for free text. */
  readonly format: CompiledOutputSchema | null;
  readonly thoughts: Thoughts;
}

/** Text after a call that is looked at for a further call before the turn ends. */
const AFTER_CALL_CHARACTERS = 24;

/** What is written for the model has to leave it this much room. */
const ROOM_BEHIND_OPENING_TOKENS = 16;
/** Shown once to a model that makes the very call again whose result it has just been given. */
const ANSWERED_NOTE = "This is the result. If it answers my request, tell me the answer in words; otherwise make the next call.";

/**
 * Decodes a reply that may hold tool calls. Free text is scanned; once a call has begun, decoding goes back to the last
 * token before its input and goes on under the tool's grammar, so that what finishes is valid (promise 3). Whether weak
 * models call, and how often, is decided as docs/decisions/2026-11-21-tool-decision.md says.
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
  readonly #judge: CallJudge;
  #call: CallWriter | null = null;
  readonly #made: KnownCall[] = [];
  /** The engine could not compile the tools' schemas: inputs are any JSON objects, validated afterwards. */
  #relaxed = false;
  /** A call was not made; the reply is text, and ends where another call begins. */
  #declined = false;
  #reminded = false;
  /** The call that is being made, or the reply where none is, is decoded for the second time. */
  #resampled = false;
  #list = false;
  #replayable = true;
  /** Characters of the log up to the end of the last finished call. */
  #callsEnd = 0;
  #proseAfterCall = "";
  /** Text of a format that the grammar does not wholly express: it is validated before it is sent. */
  #heldText = "";
  /** The first characters of a weak model's reply, until they are seen to be no copy of the user's markup. */
  readonly #firstText: FirstText;

  constructor(state: ReplyState, options: CallOptions) {
    this.#state = state;
    this.#options = options;
    this.#sink = textSink(state);
    this.#scanner = state.syntax.scanner(options.tools, { unknownCalls: options.format === null, thoughts: options.thoughts });
    this.#base = state.decoder.log.text.length;
    this.#judge = new CallJudge(state.turn, state.gate, !options.forced && options.format === null);
    this.#firstText = new FirstText(state.gate === null ? [] : state.turn.messages);
  }

  async *run(): ReplyEvents {
    let phase = await this.#firstPhase();
    for (;;) {
      if (this.#sink.matched !== null) return yield* this.#endText(ending("end_turn"));
      const step: Step = yield* this.#decodeOnce(phase);
      switch (step.kind) {
        case "grammar-rejected":
          if (this.#relaxed) throw rejectedTwice();
          this.#state.note("grammar-rejected");
          this.#relaxed = true;
          this.#call?.relax();
          continue;
        case "opened": {
          if (this.#declined) return yield* this.#endAsText(step.callStart);
          if (await this.#strays(step.call)) phase = yield* this.#remind(step.callStart);
          else if (!(await this.#fits(step.callStart, step.call))) phase = yield* this.#decline(step.callStart);
          else phase = yield* this.#openPhase(step.callStart, step.call);
          continue;
        }
        case "declined":
          phase = yield* this.#decline(step.callStart);
          continue;
        case "repeated":
          phase = yield* this.#remind(step.callStart);
          continue;
        case "copied":
          phase = yield* this.#inWords(0);
          continue;
        case "thinks":
          if (!(await closeThought(this.#state, this.#base + step.end))) {
            return yield* this.#endText({ ...outOfRoom(this.#state), replayable: false });
          }
          this.#scanner.restart(this.#state.decoder.log.text.length - this.#base);
          phase = { grammar: null, literal: "", sampler: this.#state.sampler };
          continue;
        case "call-invalid":
          if (this.#resampled) return yield* this.#refuse(inputOf(step.call), step.error);
          this.#resampled = true;
          this.#state.note("call-resampled");
          phase = yield* this.#restPhase(step.call.opened, RESAMPLE);
          continue;
        case "stopped":
          return ending("stop_sequence", { stopSequence: step.sequence, replayable: false });
        case "calls-over":
          if (this.#list) this.#replayable = false;
          return this.#endAfterCalls();
        case "decode-ended":
          break;
        default:
          step satisfies never;
      }
      if (step.end === "room" && this.#state.decoder.remainingTokens <= 0) return yield* this.#endOutOfRoom();
      if (step.end === "room" && phase.next !== undefined) {
        phase = phase.next;
        continue;
      }
      if (phase.grammar !== null && this.#call === null) this.#callsEnd = this.#state.decoder.log.text.length;
      const problem = yield* this.#formatProblem();
      if (problem !== null) {
        if (this.#resampled) return yield* this.#refuse("reply", problem);
        this.#resampled = true;
        this.#state.note("call-resampled");
        this.#state.decoder.log.rewindTo(this.#base);
        this.#scanner.restart(0);
        phase = { ...phase, literal: "", sampler: RESAMPLE };
        continue;
      }
      const goesOn = phase.grammar !== null && this.#made.length > 0 && this.#call === null && this.#options.parallel;
      if (!goesOn || this.#list) return yield* this.#endOfTurn();
      // The grammar ended with the call; the model itself says whether another follows.
      phase = { grammar: null, literal: "", sampler: this.#callSampler() };
    }
  }

  /** Whether a call that the model has begun is made, as far as its tool tells. */
  async #fits(callStart: number, call: OpenedCall | null): Promise<boolean> {
    if (this.#made.length > 0) return true;
    const tools = call === null ? this.#options.tools.map(({ spec }) => spec) : [call.tool.spec];
    // A reply that has said which tool it uses would break off without the call.
    if (namesOne(tools, this.#state.decoder.log.text.slice(this.#base, this.#base + callStart))) return true;
    return await this.#judge.fits(tools);
  }

  async #strays(call: OpenedCall | null): Promise<boolean> {
    return call !== null && !this.#reminded && this.#made.length === 0 && (await this.#judge.strays(call.tool.spec));
  }

  /** A call that was begun in free text goes on under a grammar: in a list where several may be wanted, else as begun. */
  async *#openPhase(callStart: number, call: OpenedCall | null): AsyncGenerator<TurnEvent, Phase, void> {
    const { decoder, syntax, note } = this.#state;
    const begun = decoder.log.text.slice(this.#base + callStart);
    const wanted = this.#options.parallel && this.#judge.request !== null && this.#made.length === 0;
    const list = wanted ? syntax.listForm(begun) : null;
    const literal = decoder.log.literalAt(this.#base + callStart);
    const opening = list && (await this.#openingOf(literal, list));
    if (call !== null && opening === null) return yield* this.#restPhase(call, this.#callSampler());
    note(call === null ? "call-to-unknown-tool" : "calls-as-list");
    decoder.log.rewindTo(this.#base + callStart);
    this.#scanner.restart(callStart);
    if (opening === null) {
      const grammar = (): string => withLiteral(literal, syntax.callGrammar(this.#tools()));
      return { grammar, literal, sampler: this.#callSampler() };
    }
    this.#list = true;
    return await this.#begin(opening);
  }

  /** The beginning of calls, to be written for the model; null where it would leave the model too little room. */
  async #openingOf(literal: string, calls: BegunCalls): Promise<Opening | null> {
    const tokens = await this.#state.backend.tokenize(literal + calls.opening, { special: true });
    return this.#state.decoder.remainingTokens < tokens.length + ROOM_BEHIND_OPENING_TOKENS ? null : { literal, calls, tokens };
  }

  /** A grammar would have the model decode each token of an opening against its will. */
  async #begin({ literal, calls, tokens }: Opening): Promise<Phase> {
    await this.#state.decoder.inject(literal + calls.opening, tokens);
    this.#scanner.push(calls.opening);
    return { grammar: () => calls.grammar(this.#tools()), literal: "", sampler: this.#callSampler() };
  }

  *#restPhase(call: OpenedCall, sampler: SamplerOptions): Generator<TurnEvent, Phase, void> {
    const literal = this.#state.decoder.log.rewindTo(this.#base + call.inputStart);
    this.#list = false;
    this.#scanner.reopen(call);
    yield* this.#open(call);
    const grammar = (): string => this.#state.syntax.restOfCallGrammar(this.#relaxIfNeeded(call.tool), literal, call);
    return { grammar, literal, sampler };
  }

  /** Takes the call back and has the model go on in words. */
  async *#decline(callStart: number): AsyncGenerator<TurnEvent, Phase, void> {
    this.#state.note("call-declined");
    this.#declined = true;
    this.#list = false;
    this.#call = null;
    this.#judge.decided();
    return yield* this.#inWords(callStart);
  }

  /** From `offset` on the model writes words: its next token begins neither a call nor markup. */
  async *#inWords(offset: number): AsyncGenerator<TurnEvent, Phase, void> {
    this.#firstText.release();
    const literal = yield* this.#goBack(offset);
    this.#scanner.restart(offset);
    const again = literal === "" ? [] : await this.#state.backend.tokenize(literal, { special: false });
    const free: Phase = { grammar: null, literal: "", sampler: this.#state.sampler };
    return { ...free, grammar: () => withLiteral(literal, WORDS), literal, maxTokens: again.length + 1, next: free };
  }

  /** Back to text that ends at `offset`; returns what of it the next decode has to write again. */
  *#goBack(offset: number): Generator<TurnEvent, string, void> {
    const { log } = this.#state.decoder;
    // The scanner has dropped white space in front of what it took for a call.
    const space = /\s*$/.exec(log.text.slice(this.#base, this.#base + offset))?.[0] ?? "";
    const literal = log.rewindTo(this.#base + offset);
    if (space !== "") yield* this.#sink.push(space);
    return literal;
  }

  /** The model makes a call again that has just been answered: it is shown the answer once more, with a note. */
  async *#remind(callStart: number): AsyncGenerator<TurnEvent, Phase, void> {
    this.#state.note("call-repeated");
    this.#reminded = true;
    this.#call = null;
    const { decoder } = this.#state;
    const literal = yield* this.#goBack(callStart);
    if (literal.trim() !== "") this.#replayable = false;
    this.#scanner.restart(decoder.log.text.length - this.#base);
    const prompt = await this.#state.renderWithNote(ANSWERED_NOTE);
    if (prompt !== null) decoder.changePrompt(prompt);
    return { grammar: null, literal: "", sampler: this.#state.sampler };
  }

  #tools(): readonly CompiledTool[] {
    return this.#options.tools.map((tool) => this.#relaxIfNeeded(tool));
  }

  #relaxIfNeeded(tool: CompiledTool): CompiledTool {
    return this.#relaxed ? { ...tool, grammar: null, exact: false } : tool;
  }

  async #firstPhase(): Promise<Phase> {
    const { forced, parallel, format, tools } = this.#options;
    const { syntax, sampler, gate } = this.#state;
    if (!forced) {
      const text = (whole: CompiledOutputSchema): string => (this.#relaxed ? whole.anyJsonGbnf : whole.gbnf);
      const grammar = format === null ? null : () => eitherGrammar(syntax.callGrammar(this.#tools()), text(format));
      return { grammar, sampler, literal: "" };
    }
    // A weak model writes a list by itself, and in it as many calls as are wanted.
    const list = parallel && gate !== null && this.#judge.request !== null ? syntax.listForm("") : null;
    const calls = list ?? syntax.forcedCall(tools);
    const opening = tools.length === 0 ? null : await this.#openingOf("", calls);
    if (opening === null) {
      return { grammar: () => syntax.callGrammar(this.#tools()), sampler: this.#callSampler(), literal: "" };
    }
    this.#list = list !== null;
    return await this.#begin(opening);
  }

  /** Greedy, unless the client asked for a temperature. */
  #callSampler(): SamplerOptions {
    return this.#state.turn.sampling.temperature === null ? GREEDY : this.#state.sampler;
  }

  async *#decodeOnce(phase: Phase): AsyncGenerator<TurnEvent, Step, void> {
    let unread = phase.literal.length;
    const grammar = phase.grammar?.() ?? null;
    const constrained = grammar !== null;
    const { sampler, maxTokens } = phase;
    const decode = this.#state.decoder.decode({ grammar, sampler, ...(maxTokens === undefined ? {} : { maxTokens }) });
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
          if (!constrained) return { kind: "opened", callStart: event.call.callStart, call: event.call };
          yield* this.#open(event.call);
          const text = this.#state.decoder.log.text.slice(this.#base + event.call.inputStart);
          if (text === "") break;
          return yield* this.#read(this.#scanner.push(text), constrained);
        }
        case "call-unknown":
          return { kind: "opened", callStart: event.callStart, call: null };
        case "thought":
          return { kind: "thinks", end: event.end };
        case "input-delta": {
          const stopped = this.#call === null ? null : yield* this.#call.push(event.json);
          if (this.#call !== null && stopped !== null) return yield* this.#stopCall(this.#call, stopped);
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
    if (this.#made.length === 0) {
      if (this.#holdsText()) {
        this.#heldText += text;
        return null;
      }
      const shown = this.#firstText.push(text);
      if (shown === null) return { kind: "copied" };
      yield* this.#sink.push(shown);
      if (this.#sink.matched === null) return null;
      yield* this.#state.writer.stop();
      return { kind: "stopped", sequence: this.#sink.matched };
    }
    // A weak model that goes on after its call invents the result; the turn ends at the call instead.
    this.#proseAfterCall += text;
    return this.#proseAfterCall.trim().length > AFTER_CALL_CHARACTERS ? { kind: "calls-over" } : null;
  }

  #holdsText(): boolean {
    const { format } = this.#options;
    return format !== null && (this.#relaxed || !format.exact);
  }

  /** What is wrong with held text, once it is complete; null where nothing is, or nothing is held. */
  *#formatProblem(): Generator<TurnEvent, string | null, void> {
    const { format } = this.#options;
    if (format === null || !this.#holdsText() || this.#made.length > 0) return null;
    yield* this.#read(this.#scanner.finish(), true);
    if (this.#made.length > 0) return null;
    const text = this.#heldText;
    this.#heldText = "";
    const problem = format.validateText(text);
    if (problem === null) yield* this.#sink.push(text);
    return problem;
  }

  *#open(opened: OpenedCall): Generator<TurnEvent, void, void> {
    if (this.#made.length === 0) yield* this.#sink.beforeCall();
    this.#proseAfterCall = "";
    this.#call = new CallWriter(this.#state, opened, {
      inexact: this.#relaxed,
      undecided: this.#judge.undecided,
      known: this.#known(),
    });
  }

  /** What a weak model makes over and over; a strong one means it. */
  #known(): readonly KnownCall[] {
    return this.#state.gate === null ? [] : [...this.#made, ...this.#judge.answered];
  }

  *#close(input: Readonly<Record<string, unknown>>, error: string | null): Generator<TurnEvent, Step | null, void> {
    const call = this.#call;
    if (call === null) return null;
    this.#call = null;
    if (error !== null && call.inexact) return { kind: "call-invalid", call, error };
    const made: KnownCall = { name: call.opened.tool.spec.name, input };
    if (call.held) {
      const { callStart } = call.opened;
      if (this.#state.gate !== null && isKnown(made, this.#made)) return { kind: "calls-over" };
      if (isKnown(made, this.#judge.answered)) return { kind: this.#reminded ? "declined" : "repeated", callStart };
      if (!this.#judge.valuesFit(input)) return { kind: "declined", callStart };
    }
    this.#judge.decided();
    yield* call.end(input);
    this.#made.push(made);
    this.#resampled = false;
    this.#callsEnd = this.#state.decoder.log.text.length;
    return null;
  }

  /** A stop sequence in a call's input ends the reply; a call that was held is judged by what there is of it. */
  *#stopCall(call: CallWriter, stopped: StoppedInput): Generator<TurnEvent, Step, void> {
    if (call.held && !this.#judge.valuesFit(stopped.input)) return { kind: "declined", callStart: call.opened.callStart };
    yield* call.stop(stopped);
    return { kind: "stopped", sequence: stopped.sequence };
  }

  /** The model ended its turn. */
  async *#endOfTurn(): ReplyEvents {
    if (this.#made.length > 0) return this.#endAfterCalls();
    const step = yield* this.#read(this.#scanner.finish(), true);
    if (step?.kind === "stopped") return ending("stop_sequence", { stopSequence: step.sequence, replayable: false });
    if (this.#made.length > 0) return this.#endAfterCalls();
    return yield* this.#endText(ending("end_turn", { replayable: this.#replayable }));
  }

  async *#endText(end: ReplyEnding): ReplyEvents {
    yield* this.#sink.push(this.#firstText.release());
    yield* this.#sink.finish();
    yield* this.#state.writer.stop();
    return this.#sink.endingOr(end);
  }

  /** The reply is text up to a call that is not made. */
  async *#endAsText(callStart: number): ReplyEvents {
    this.#state.decoder.log.rewindTo(this.#base + callStart);
    return yield* this.#endText(ending("end_turn", { replayable: false }));
  }

  #endAfterCalls(): ReplyEnding {
    this.#state.decoder.log.rewindTo(Math.max(this.#callsEnd, this.#base));
    return ending("tool_use", { replayable: this.#replayable });
  }

  async *#endOutOfRoom(): ReplyEvents {
    if (this.#call !== null) {
      yield* this.#call.cutOff();
      return { ...outOfRoom(this.#state), replayable: false };
    }
    if (this.#list) this.#replayable = false;
    if (this.#made.length > 0) return this.#endAfterCalls();
    // What there is of a forced call that has not reached its input is no text.
    if (this.#options.forced) return outOfRoom(this.#state);
    const step = yield* this.#read(this.#scanner.finish(), true);
    if (step?.kind === "stopped") return ending("stop_sequence", { stopSequence: step.sequence, replayable: false });
    yield* this.#sink.push(this.#heldText);
    if (step?.kind === "opened" && !this.#declined) {
      yield* this.#sink.push(this.#state.decoder.log.text.slice(this.#base + step.callStart));
    }
    return yield* this.#endText(outOfRoom(this.#state));
  }

  /** The second try failed the schema as well. What is promised to be valid is not sent. */
  async *#refuse(what: string, error: string): ReplyEvents {
    this.#state.note("call-refused");
    yield* this.#state.writer.stop();
    return ending("refusal", { refusal: `The model's ${what} does not satisfy its schema: ${error}`, replayable: false });
  }
}

function inputOf(call: CallWriter): string {
  return `input for tool \`${call.opened.tool.spec.name}\``;
}

function rejectedTwice(): Error {
  return fail("api_error", {
    public: "The tools' grammar could not be compiled.",
    internal: "a grammar of bare JSON objects was rejected",
  });
}
