import { readForm, writeForm } from "./call-form.ts";
import { readClosing } from "./closing.ts";
import { InputReader } from "./input-reader.ts";
import { type Opening, type ToolsByName, readOpening } from "./opening.ts";
import { TextContext } from "./text-context.ts";
import type { CompiledTool, OpenedCall, OutputScanner, ScanEvent } from "./tool-syntax.ts";

/** Markup of a family that is neither text nor a call. */
export type Markup =
  | { readonly kind: "no" }
  /** More text decides; where none comes, what there is of it is dropped if it can be nothing else. */
  | { readonly kind: "more"; readonly isMarkup: boolean }
  /** Drops `length` characters and, if set, everything up to the first of `until`. `reported`: the first time, the
   *  caller is told. */
  | { readonly kind: "drop"; readonly length: number; readonly until: readonly string[] | null; readonly reported?: boolean };

/** `text` begins with the `<` that is asked about; `context` is where it stands. */
export type ReadMarkup = (text: string, context: TextContext) => Markup;

export interface OutputScannerOptions {
  /** Asked at each `<` that opens no call. Undefined: there is no markup. */
  readonly readMarkup?: ReadMarkup | undefined;
  readonly unknownCalls: boolean;
}

export function createOutputScanner(tools: readonly CompiledTool[], options: OutputScannerOptions): OutputScanner {
  return new Scanner(new Map(tools.map((tool) => [tool.spec.name, tool])), options);
}

type Mode =
  | { readonly kind: "text"; readonly context: TextContext }
  | { readonly kind: "dropping"; readonly until: readonly string[] }
  | { readonly kind: "input"; readonly call: OpenedCall; readonly reader: InputReader }
  | { readonly kind: "closing"; readonly closers: readonly string[] };

class Scanner implements OutputScanner {
  readonly #tools: ToolsByName;
  readonly #readMarkup: ReadMarkup | undefined;
  readonly #unknownCalls: boolean;
  #mode: Mode = { kind: "text", context: new TextContext() };
  #held = "";
  /** Where `#held` begins in the whole output. */
  #offset = 0;
  /** Characters of `#held` that the context has taken note of: white space that is held back. */
  #noted = 0;
  /** Set behind a call: white space there belongs to the call. */
  #trimStart = false;
  /** Text has been let go of, and markup has been dropped behind it: what follows is a paragraph of its own. */
  #wrote = false;
  #parted = false;
  #thoughtReported = false;

  constructor(tools: ToolsByName, { readMarkup, unknownCalls }: OutputScannerOptions) {
    this.#tools = tools;
    this.#readMarkup = readMarkup;
    this.#unknownCalls = unknownCalls;
  }

  push(text: string): readonly ScanEvent[] {
    // Nothing is looked for.
    if (this.#tools.size === 0 && this.#readMarkup === undefined) return text === "" ? [] : [{ type: "text", text }];
    this.#held += text;
    return this.#run(false);
  }

  reopen(call: OpenedCall): void {
    this.#enterInput(call);
  }

  restart(offset: number): void {
    this.#mode = { kind: "text", context: new TextContext() };
    this.#held = "";
    this.#noted = 0;
    this.#offset = offset;
    this.#trimStart = false;
  }

  finish(): readonly ScanEvent[] {
    return this.#run(true);
  }

  #run(over: boolean): readonly ScanEvent[] {
    const events: ScanEvent[] = [];
    while (this.#step(events, over));
    return events;
  }

  /** Returns whether there is more to do with what is held. */
  #step(events: ScanEvent[], over: boolean): boolean {
    const mode = this.#mode;
    switch (mode.kind) {
      case "text":
        return this.#stepText(mode.context, events, over);
      case "dropping": {
        const found = mode.until.map((end) => this.#held.indexOf(end)).filter((index) => index >= 0);
        const longest = Math.max(...mode.until.map((end) => end.length));
        this.#take(found.length > 0 ? Math.min(...found) : Math.max(0, this.#held.length - longest + 1));
        if (found.length > 0) this.#mode = { kind: "text", context: new TextContext() };
        return found.length > 0;
      }
      case "input": {
        const { events: read, rest } = mode.reader.push(this.#take(this.#held.length));
        events.push(...read);
        if (rest === null) return false;
        this.#held = rest;
        this.#offset -= rest.length;
        this.#mode = { kind: "closing", closers: readForm(mode.call.form).closers };
        return true;
      }
      case "closing": {
        const closing = readClosing(this.#held, mode.closers, this.#tools, over);
        if (closing.kind === "more") return false;
        if (closing.kind === "open") {
          this.#openCall(closing.opening, events);
          return false;
        }
        this.#take(closing.length);
        this.#mode = { kind: "text", context: new TextContext() };
        this.#noted = 0;
        this.#trimStart = true;
        return true;
      }
      default:
        return mode satisfies never;
    }
  }

  #stepText(context: TextContext, events: ScanEvent[], over: boolean): boolean {
    while (this.#noted < this.#held.length) {
      const at = this.#noted;
      const character = this.#held[at] ?? "";
      const mayCall = this.#tools.size > 0 && context.mayOpen(character);
      if (mayCall || character === "<") {
        const here = this.#held.slice(at);
        const opening: Opening = mayCall ? readOpening(here, this.#tools) : { kind: "no" };
        if (opening.kind === "open") {
          this.#release(at, events, true);
          this.#openCall(opening, events);
          return false;
        }
        if (opening.kind === "unknown" && this.#unknownCalls) {
          this.#release(at, events, true);
          events.push({ type: "call-unknown", callStart: this.#offset });
          return false;
        }
        const asks = character === "<" && (over || opening.kind !== "more");
        const markup: Markup = (asks && this.#readMarkup?.(here, context)) || { kind: "no" };
        if (markup.kind === "drop") {
          this.#release(at, events, true);
          return this.#dropMarkup(markup, events);
        }
        if (over && markup.kind === "more" && markup.isMarkup) {
          this.#release(at, events, true);
          this.#take(this.#held.length);
          return false;
        }
        if (!over && (opening.kind === "more" || markup.kind === "more")) {
          this.#release(at, events, false);
          return false;
        }
      }
      const ticks = character === "`" ? tickRun(this.#held, at) : 0;
      if (ticks > 0 && at + ticks === this.#held.length && !over) {
        this.#release(at, events, false);
        return false;
      }
      context.add(character, ticks);
      for (let index = 1; index < ticks; index += 1) context.add("`", 0);
      this.#noted += Math.max(1, ticks);
    }
    this.#release(this.#held.length, events, false);
    if (over && this.#held !== "" && !this.#trimStart) events.push({ type: "text", text: this.#take(this.#held.length) });
    return false;
  }

  /** Returns whether text may follow. */
  #dropMarkup({ length, until, reported }: Extract<Markup, { kind: "drop" }>, events: ScanEvent[]): boolean {
    this.#take(length);
    this.#trimStart = true;
    this.#parted = this.#wrote;
    if (reported === true && !this.#thoughtReported) {
      this.#thoughtReported = true;
      events.push({ type: "thought", end: this.#offset });
      return false;
    }
    this.#mode = until === null ? { kind: "text", context: new TextContext() } : { kind: "dropping", until };
    return true;
  }

  /** Lets go of the first `end` characters but for white space at their end; `final` drops that. */
  #release(end: number, events: ScanEvent[], final: boolean): void {
    let text = this.#held.slice(0, end);
    if (this.#trimStart) {
      const trimmed = text.trimStart();
      this.#take(text.length - trimmed.length);
      text = trimmed;
      if (text !== "") this.#trimStart = false;
    }
    const kept = text.trimEnd();
    if (kept !== "") this.#write(this.#take(kept.length), events);
    if (final) this.#take(text.length - kept.length);
  }

  #write(text: string, events: ScanEvent[]): void {
    events.push({ type: "text", text: this.#parted ? `\n\n${text}` : text });
    this.#parted = false;
    this.#wrote = true;
  }

  #openCall(opening: Extract<Opening, { kind: "open" }>, events: ScanEvent[]): void {
    const call: OpenedCall = {
      tool: opening.tool,
      callStart: this.#offset,
      inputStart: this.#offset + opening.inputStart,
      form: writeForm(opening.form),
    };
    events.push({ type: "call-open", call });
    this.#enterInput(call);
  }

  #enterInput(call: OpenedCall): void {
    this.#held = "";
    this.#noted = 0;
    this.#offset = call.inputStart;
    this.#mode = { kind: "input", call, reader: new InputReader(call.tool, readForm(call.form).before) };
  }

  #take(length: number): string {
    const taken = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    this.#offset += length;
    this.#noted = Math.max(0, this.#noted - length);
    return taken;
  }
}

function tickRun(text: string, start: number): number {
  let end = start;
  while (text[end] === "`") end += 1;
  return end - start;
}
