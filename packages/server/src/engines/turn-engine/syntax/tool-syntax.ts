import type { ToolSpec } from "../../../turn/turn.ts";
import type { ThinkingMarkup } from "../render/thinking-markup.ts";

/** A tool with the grammar of its input. */
export interface CompiledTool {
  readonly spec: ToolSpec;
  /** GBNF rules whose first rule is `rootRule`; every rule name is unique to this tool. Null: any JSON object. */
  readonly grammar: { readonly rootRule: string; readonly rules: string } | null;
  /** Whether the grammar alone makes an input valid: nothing of the schema had to be relaxed. */
  readonly exact: boolean;
  /** Null when valid, else what is wrong. Covers what the grammar had to relax. */
  validate(input: unknown): string | null;
}

/**
 * How a family of models writes tool calls. One implementation per family (hermes, llama3, mistral, deepseek, gemma,
 * harmony, plain json), chosen from the chat template.
 */
export interface ToolSyntax {
  readonly name: string;
  readonly thinking: ThinkingMarkup;
  /** GBNF (`root` and all rules) for one whole call to one of `tools`, from its opening to its closing. */
  callGrammar(tools: readonly CompiledTool[]): string;
  /**
   * The same for a call that has to be made: what every such call begins with, which need not be decoded, and the GBNF
   * of what follows it.
   */
  forcedCall(tools: readonly CompiledTool[]): BegunCalls;
  /**
   * GBNF for the rest of a call that has begun: `literal` (text between the last kept token and the input's first
   * character), the tool's input, then whatever closes the call.
   */
  restOfCallGrammar(tool: CompiledTool, literal: string, opened: OpenedCall): string;
  /**
   * Several calls in one list, for models whose own form holds a single call: once a weak model has written a list's
   * opening it goes on with the further calls by itself. `opening` ends in front of the first call's name; `grammar` is
   * the GBNF of what follows. Null for families that were trained to write several calls, or where `text` (the call as
   * the model has begun it) is in the family's own form.
   */
  listForm(text: string): BegunCalls | null;
  /** A recogniser for one reply; without tools it looks for markup alone. */
  scanner(tools: readonly CompiledTool[], options?: ScannerOptions): OutputScanner;
}

export interface ScannerOptions {
  /** Whether a call to a tool that was not declared is reported, or is text. */
  readonly unknownCalls: boolean;
  readonly thoughts: Thoughts;
}

/**
 * What thinking tags are that a model writes by itself. `text`: it has never been shown any. `drop`: thoughts that
 * nobody sees, e.g. behind a phase that has been cut off. `close`: the same, but the first is reported, to be closed.
 */
export type Thoughts = "text" | "drop" | "close";

/** Text that is written without decoding it, and the GBNF of what follows. */
export interface BegunCalls {
  readonly opening: string;
  /** The same tools again, some of them perhaps relaxed. */
  readonly grammar: (tools: readonly CompiledTool[]) => string;
}

export interface OpenedCall {
  readonly tool: CompiledTool;
  /** Offset in the whole output text of the first character of the call, its fence or tag included. */
  readonly callStart: number;
  /** Offset in the whole output text of the first character of the input value. */
  readonly inputStart: number;
  /** What the syntax needs to remember of how the call was opened (fence, tag, bare, key order). */
  readonly form: string;
}

/**
 * Fed with output text as it is decoded. In `auto` it recognises the family's own syntax and the near misses of weak
 * models: bare JSON, fenced JSON, missing tags, XML leftovers, arrays of calls. Text that may still become a call is
 * held back; text that turns out to be text is released whole.
 */
export interface OutputScanner {
  /**
   * On "call-open" the scanner stops: text beyond `inputStart` is dropped, and the caller feeds the text from
   * `inputStart` on (what it has, when decoding was constrained already; newly decoded, when it was not).
   */
  push(text: string): readonly ScanEvent[];
  /** Goes back to the state right after this call's "call-open": its input is decoded once more. */
  reopen(call: OpenedCall): void;
  /** Goes back to free text that ends at this offset of the whole output: what followed is decoded once more. */
  restart(offset: number): void;
  /** The output is over: releases or completes what is held. */
  finish(): readonly ScanEvent[];
}

export type ScanEvent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "call-open"; readonly call: OpenedCall }
  /** A call to a tool that does not exist. The scanner stops, as on "call-open"; the caller has to `restart` it. */
  | { readonly type: "call-unknown"; readonly callStart: number }
  /** The model has opened a thought that ends with its tag, at `end`. The scanner stops; the caller has to `restart` it. */
  | { readonly type: "thought"; readonly end: number }
  /** A piece of the input's JSON, as decoded. */
  | { readonly type: "input-delta"; readonly json: string }
  /** The input is complete and parsed; `error` when it fails the tool's schema. */
  | { readonly type: "call-close"; readonly input: Readonly<Record<string, unknown>>; readonly error: string | null };
