/** What the next character of the JSON text is part of, or may begin. */
type Place = "value" | "key" | "colon" | "after" | "scalar" | "key-string" | "value-string" | "done";

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

/**
 * Walks through one JSON value a character at a time and knows where it stands. It does not validate: on text that is
 * not JSON it only balances brackets and strings.
 */
export class JsonCursor {
  readonly #open: ("{" | "[")[] = [];
  #place: Place = "value";
  /** What has been read of an escape, from its backslash on; empty outside one. */
  #escape = "";

  /** The value is complete. */
  get done(): boolean {
    return this.#place === "done";
  }

  get place(): Place {
    return this.#place;
  }

  /** Objects and arrays that are open, outermost first. */
  get open(): readonly ("{" | "[")[] {
    return this.#open;
  }

  /** What has been read of an escape that is not complete. */
  get escape(): string {
    return this.#escape;
  }

  /**
   * Reads one UTF-16 unit. Returns the decoded unit that it completes inside a string value (not a key), else null. A
   * number or word at the top ends at a delimiter, which then is not part of the value.
   */
  push(unit: string): string | null {
    switch (this.#place) {
      case "key-string":
      case "value-string":
        return this.#string(unit);
      case "done":
        return null;
      default:
        this.#structure(unit);
        return null;
    }
  }

  #string(unit: string): string | null {
    if (this.#escape !== "") {
      this.#escape += unit;
      const decoded = decodeEscape(this.#escape);
      if (decoded === null) return null;
      this.#escape = "";
      return this.#place === "value-string" ? decoded : null;
    }
    if (unit === "\\") {
      this.#escape = unit;
      return null;
    }
    if (unit === '"') {
      this.#place = this.#place === "key-string" ? "colon" : this.#open.length === 0 ? "done" : "after";
      return null;
    }
    return this.#place === "value-string" ? unit : null;
  }

  #structure(unit: string): void {
    switch (unit) {
      case "{":
      case "[":
        this.#open.push(unit);
        this.#place = unit === "{" ? "key" : "value";
        return;
      case "}":
      case "]":
        this.#open.pop();
        this.#place = this.#open.length === 0 ? "done" : "after";
        return;
      case ",":
        if (this.#open.length === 0) this.#place = "done";
        else this.#place = this.#open.at(-1) === "{" ? "key" : "value";
        return;
      case ":":
        this.#place = "value";
        return;
      case '"':
        this.#place = this.#place === "key" ? "key-string" : "value-string";
        return;
      case " ":
      case "\n":
      case "\r":
      case "\t":
        if (this.#place === "scalar") this.#place = this.#open.length === 0 ? "done" : "after";
        return;
      default:
        if (this.#place === "value") this.#place = "scalar";
    }
  }
}

/** The unit that an escape stands for, or null while it is not complete. */
function decodeEscape(escape: string): string | null {
  const kind = escape[1] ?? "";
  if (kind !== "u") return ESCAPES[kind] ?? kind;
  if (escape.length < 6) return null;
  const code = Number.parseInt(escape.slice(2), 16);
  return Number.isNaN(code) ? "\uFFFD" : String.fromCharCode(code);
}

/** UTF-16 units: a JSON escape and a stop sequence may cut a surrogate pair. */
export function splitUnits(text: string): readonly string[] {
  return text.split("");
}
