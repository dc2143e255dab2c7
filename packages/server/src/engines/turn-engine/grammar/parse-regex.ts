import { type CharSet, charSet, characters, complement } from "./char-set.ts";

export type RegexNode =
  | { readonly kind: "set"; readonly set: CharSet }
  | { readonly kind: "cat" | "alt"; readonly nodes: readonly RegexNode[] }
  | { readonly kind: "repeat"; readonly node: RegexNode; readonly min: number; readonly max: number | null }
  | { readonly kind: "start" | "end" };

const DIGIT = charSet([[0x30, 0x39]]);
const WORD = charSet([
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
]);
const SPACE = charSet([
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]);
const LINE_ENDS = characters("\n\r\u2028\u2029");
const CLASSES: Readonly<Record<string, CharSet>> = {
  d: DIGIT,
  D: complement(DIGIT),
  w: WORD,
  W: complement(WORD),
  s: SPACE,
  S: complement(SPACE),
};
const CONTROLS: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", f: "\f", v: "\v", "0": "\0" };

const DEEPEST_GROUP = 40;

/**
 * Parses an ECMAScript regular expression. Null for what is no regular language or rare: look-around, back references,
 * word borders, Unicode properties, flags within; and for what is not a valid expression.
 */
export function parseRegex(source: string): RegexNode | null {
  try {
    const parser = new Parser(source);
    const node = parser.alternatives(0);
    return parser.atEnd ? node : null;
  } catch (error) {
    if (error instanceof Unsupported) return null;
    throw error;
  }
}

class Unsupported extends Error {
  override readonly name = "Unsupported";
}

class Parser {
  readonly #characters: readonly string[];
  #at = 0;

  constructor(source: string) {
    this.#characters = Array.from(source);
  }

  get atEnd(): boolean {
    return this.#at >= this.#characters.length;
  }

  alternatives(depth: number): RegexNode {
    if (depth > DEEPEST_GROUP) throw new Unsupported();
    const nodes = [this.#sequence(depth)];
    while (this.#eat("|")) nodes.push(this.#sequence(depth));
    return nodes.length === 1 && nodes[0] !== undefined ? nodes[0] : { kind: "alt", nodes };
  }

  #sequence(depth: number): RegexNode {
    const nodes: RegexNode[] = [];
    while (!this.atEnd && this.#peek() !== "|" && this.#peek() !== ")") nodes.push(this.#quantified(depth));
    return { kind: "cat", nodes };
  }

  #quantified(depth: number): RegexNode {
    const node = this.#atom(depth);
    const bounds = this.#quantifier();
    if (bounds === null) return node;
    if (node.kind === "start" || node.kind === "end") throw new Unsupported();
    this.#eat("?");
    if (this.#quantifier() !== null) throw new Unsupported();
    return { kind: "repeat", node, ...bounds };
  }

  #quantifier(): { readonly min: number; readonly max: number | null } | null {
    if (this.#eat("*")) return { min: 0, max: null };
    if (this.#eat("+")) return { min: 1, max: null };
    if (this.#eat("?")) return { min: 0, max: 1 };
    const braces = /^\{(\d{1,6})(?:(,)(\d{0,6}))?\}/u.exec(this.#characters.slice(this.#at, this.#at + 16).join(""));
    if (braces === null) return null;
    this.#at += braces[0].length;
    const min = Number(braces[1]);
    const max = braces[2] === undefined ? min : braces[3] === "" ? null : Number(braces[3]);
    if (max !== null && max < min) throw new Unsupported();
    return { min, max };
  }

  #atom(depth: number): RegexNode {
    const character = this.#next();
    switch (character) {
      case "^":
        return { kind: "start" };
      case "$":
        return { kind: "end" };
      case ".":
        return { kind: "set", set: complement(LINE_ENDS) };
      case "(":
        return this.#group(depth);
      case "[":
        return { kind: "set", set: this.#class() };
      case "\\":
        return { kind: "set", set: this.#escape(false) };
      case "*":
      case "+":
      case "?":
        throw new Unsupported();
      default:
        return { kind: "set", set: characters(character) };
    }
  }

  #group(depth: number): RegexNode {
    if (this.#eat("?")) {
      if (this.#eat("<")) {
        if (this.#peek() === "=" || this.#peek() === "!") throw new Unsupported();
        while (this.#next() !== ">");
      } else if (!this.#eat(":")) throw new Unsupported();
    }
    const node = this.alternatives(depth + 1);
    if (!this.#eat(")")) throw new Unsupported();
    return node;
  }

  #class(): CharSet {
    const negated = this.#eat("^");
    const ranges: (readonly [number, number])[] = [];
    while (!this.#eat("]")) {
      const low = this.#classAtom();
      const single = low.length === 1 && low[0] !== undefined && low[0][0] === low[0][1] ? low[0][0] : null;
      if (single !== null && this.#peek() === "-" && this.#characters[this.#at + 1] !== "]") {
        this.#next();
        const high = this.#classAtom()[0];
        if (high === undefined || high[0] !== high[1] || high[0] < single) throw new Unsupported();
        ranges.push([single, high[0]]);
      } else ranges.push(...low);
    }
    const set = charSet(ranges);
    return negated ? complement(set) : set;
  }

  #classAtom(): CharSet {
    const character = this.#next();
    return character === "\\" ? this.#escape(true) : characters(character);
  }

  #escape(inClass: boolean): CharSet {
    const character = this.#next();
    const known = CLASSES[character];
    if (known !== undefined) return known;
    const control = CONTROLS[character];
    if (control !== undefined) return characters(control);
    if (inClass && character === "b") return characters("\b");
    if (character === "x") return characters(String.fromCodePoint(this.#hex(2)));
    if (character === "u") {
      if (!this.#eat("{")) return characters(String.fromCodePoint(this.#hex(4)));
      let digits = "";
      for (let digit = this.#next(); digit !== "}"; digit = this.#next()) digits += digit;
      const code = Number.parseInt(digits, 16);
      if (!(code <= 0x10ffff)) throw new Unsupported();
      return characters(String.fromCodePoint(code));
    }
    if (/[a-zA-Z0-9]/u.test(character)) throw new Unsupported();
    return characters(character);
  }

  #hex(length: number): number {
    let digits = "";
    for (let index = 0; index < length; index += 1) digits += this.#next();
    if (!/^[0-9a-fA-F]+$/u.test(digits)) throw new Unsupported();
    return Number.parseInt(digits, 16);
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #next(): string {
    const character = this.#characters[this.#at];
    if (character === undefined) throw new Unsupported();
    this.#at += 1;
    return character;
  }

  #eat(expected: string): boolean {
    if (this.#peek() !== expected) return false;
    this.#at += 1;
    return true;
  }
}
