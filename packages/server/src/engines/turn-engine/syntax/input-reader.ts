import { JsonCursor, splitUnits } from "./json-cursor.ts";
import type { CompiledTool, ScanEvent } from "./tool-syntax.ts";

export interface InputPiece {
  readonly events: readonly ScanEvent[];
  /** Text behind the input once it is complete, else null. */
  readonly rest: string | null;
}

/** Reads the input of a call that has been opened, and closes it. */
export class InputReader {
  readonly #tool: CompiledTool;
  /** Text that may stand in front of the input (a key that a constrained decode adds). */
  readonly #before: string;
  readonly #cursor = new JsonCursor();
  #json = "";
  #held = "";
  #begun = false;

  constructor(tool: CompiledTool, before: string) {
    this.#tool = tool;
    this.#before = before;
  }

  push(text: string): InputPiece {
    const pending = this.#held + text;
    this.#held = "";
    const start = this.#begun ? 0 : this.#skipBefore(pending);
    if (start === null) {
      this.#held = pending;
      return { events: [], rest: null };
    }
    const first = pending[start];
    if (!this.#begun && first !== undefined && "}])`,<".includes(first)) {
      return this.#close("", "{}", pending.slice(start));
    }
    this.#begun ||= first !== undefined;
    return this.#read(pending.slice(start));
  }

  #read(text: string): InputPiece {
    let end = 0;
    for (const unit of splitUnits(text)) {
      const isTopScalar = this.#cursor.open.length === 0 && this.#cursor.place === "scalar";
      if (isTopScalar && "}])`<".includes(unit)) return this.#end(text, end);
      this.#cursor.push(unit);
      if (this.#cursor.done) return this.#end(text, isTopScalar ? end : end + 1);
      end += 1;
    }
    this.#json += text;
    return { events: this.#streams() ? [...delta(text)] : [], rest: null };
  }

  #end(text: string, end: number): InputPiece {
    const piece = text.slice(0, end);
    const json = this.#json + piece;
    if (this.#streams(json)) return this.#close(piece, json, text.slice(end));
    // A model that was trained on another API writes the input as a string of JSON, or `null` for none.
    const unquoted = parse(json);
    const inner = typeof unquoted === "string" ? unquoted.trim() : unquoted === null ? "{}" : json;
    return this.#close(inner, inner, text.slice(end));
  }

  #close(piece: string, json: string, rest: string): InputPiece {
    const input = parse(json);
    const isObject = typeof input === "object" && input !== null && !Array.isArray(input);
    const error = isObject ? this.#tool.validate(input) : "the input is not a JSON object";
    const close: ScanEvent = {
      type: "call-close",
      input: isObject ? (input as Readonly<Record<string, unknown>>) : {},
      error,
    };
    const shown = this.#streams(json) ? (piece === "" ? json : piece) : "{}";
    return { events: [...delta(shown), close], rest };
  }

  /** An object goes out as it is decoded; anything else must be seen whole first. */
  #streams(json = this.#json): boolean {
    return json.startsWith("{");
  }

  /** Where the input begins in the first text, or null while that is not clear. */
  #skipBefore(text: string): number | null {
    const start = text.length - text.trimStart().length;
    const here = text.slice(start);
    if (here === "") return null;
    const before = this.#before.trim();
    if (before !== "" && here.startsWith(before)) {
      const behind = here.slice(before.length);
      const space = behind.length - behind.trimStart().length;
      return space === behind.length ? null : start + before.length + space;
    }
    return before !== "" && before.startsWith(here) ? null : start;
  }
}

function* delta(json: string): Generator<ScanEvent> {
  if (json !== "") yield { type: "input-delta", json };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
