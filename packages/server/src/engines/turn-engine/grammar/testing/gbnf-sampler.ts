/**
 * A reader of GBNF for tests. It refuses what llama.cpp refuses (undefined rules, left recursion, too many
 * repetitions), and writes random texts that a grammar accepts.
 */
export interface GbnfSampler {
  readonly ruleCount: number;
  /** A text that the grammar accepts. `random` gives numbers from 0 to 1; `size` is about how many choices are free. */
  sample(random: () => number, size: number): string;
  /** Whether the grammar accepts the text. */
  accepts(text: string): boolean;
}

type Item =
  | { readonly kind: "char"; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] }
  | { readonly kind: "ref"; readonly name: string };
type Alternatives = readonly (readonly Item[])[];
/** Adds a rule without a name of its own, and returns the name that it got. */
type AddRule = (alternatives: (own: string) => Alternatives) => string;
type Rules = Map<string, readonly (readonly Item[])[]>;

/** llama.cpp's own limit. */
const MOST_REPETITIONS = 2000;

export function readGbnf(text: string): GbnfSampler {
  const rules: Rules = new Map();
  let anonymous = 0;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const match = /^([a-zA-Z0-9-]+) ::= (.*)$/u.exec(line);
    if (match === null) throw new Error(`no rule: ${line}`);
    const [, name = "", body = ""] = match;
    if (rules.has(name)) throw new Error(`twice: ${name}`);
    const parser = new BodyParser(body, (alternatives) => {
      anonymous += 1;
      const own = `_${anonymous}`;
      rules.set(own, alternatives(own));
      return own;
    });
    rules.set(name, parser.all());
  }
  for (const alternatives of rules.values()) {
    for (const item of alternatives.flat()) {
      if (item.kind === "ref" && !rules.has(item.name)) throw new Error(`undefined: ${item.name}`);
    }
  }
  if (!rules.has("root")) throw new Error("no root");
  refuseLeftRecursion(rules);
  const heights = minimumHeights(rules);
  return {
    ruleCount: rules.size,
    sample: (random, size) => sample(rules, heights, random, size),
    accepts: (candidate) => accepts(rules, candidate),
  };
}

class BodyParser {
  readonly #text: string;
  readonly #addRule: AddRule;
  #at = 0;

  constructor(text: string, addRule: AddRule) {
    this.#text = text;
    this.#addRule = addRule;
  }

  all(): readonly (readonly Item[])[] {
    const alternatives = this.#alternatives();
    if (this.#at !== this.#text.length) throw new Error(`left over: ${this.#text.slice(this.#at)}`);
    return alternatives;
  }

  #alternatives(): (readonly Item[])[] {
    const out = [this.#sequence()];
    while (this.#text[this.#at] === "|") {
      this.#at += 1;
      out.push(this.#sequence());
    }
    return out;
  }

  #sequence(): readonly Item[] {
    const out: Item[] = [];
    for (;;) {
      while (this.#text[this.#at] === " ") this.#at += 1;
      const next = this.#text[this.#at];
      if (next === undefined || next === "|" || next === ")") return out;
      const [items, weight] = this.#element();
      const repeat = /^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})/u.exec(this.#text.slice(this.#at));
      if (repeat === null) {
        out.push(...items);
        continue;
      }
      this.#at += repeat[0].length;
      // As in llama.cpp, only the last character of a literal is repeated; this dialect never writes that.
      if (items.length !== 1) throw new Error("repeated literal");
      out.push(...this.#repeated(items, weight, bounds(repeat)));
    }
  }

  #repeated(items: readonly Item[], weight: number, [min, max]: readonly [number, number | null]): readonly Item[] {
    if (weight * Math.max(1, max ?? min) > MOST_REPETITIONS) throw new Error("too many repetitions");
    const out: Item[] = Array.from({ length: min }, () => items).flat();
    if (max === null) {
      const name = this.#addRule((own) => [[...items, { kind: "ref", name: own }], []]);
      return [...out, { kind: "ref", name }];
    }
    let last: Item | null = null;
    for (let index = min; index < max; index += 1) {
      const once: readonly Item[] = last === null ? items : [...items, last];
      last = { kind: "ref", name: this.#addRule(() => [once, []]) };
    }
    return last === null ? out : [...out, last];
  }

  #element(): readonly [readonly Item[], number] {
    const next = this.#text[this.#at] ?? "";
    if (next === '"') return [this.#literal(), 1];
    if (next === "[") return [[this.#class()], 1];
    if (next === "(") {
      this.#at += 1;
      const alternatives = this.#alternatives();
      if (this.#text[this.#at] !== ")") throw new Error("no )");
      this.#at += 1;
      return [[{ kind: "ref", name: this.#addRule(() => alternatives) }], alternatives.length];
    }
    const name = /^[a-zA-Z0-9-]+/u.exec(this.#text.slice(this.#at))?.[0];
    if (name === undefined) throw new Error(`what: ${this.#text.slice(this.#at, this.#at + 20)}`);
    this.#at += name.length;
    return [[{ kind: "ref", name }], 1];
  }

  #literal(): readonly Item[] {
    const out: Item[] = [];
    this.#at += 1;
    while (this.#text[this.#at] !== '"') {
      const code = this.#character();
      out.push({ kind: "char", negated: false, ranges: [[code, code]] });
    }
    this.#at += 1;
    return out;
  }

  #class(): Item {
    this.#at += 1;
    const negated = this.#text[this.#at] === "^";
    if (negated) this.#at += 1;
    const ranges: (readonly [number, number])[] = [];
    while (this.#text[this.#at] !== "]") {
      const low = this.#character();
      if (this.#text[this.#at] === "-" && this.#text[this.#at + 1] !== "]") {
        this.#at += 1;
        ranges.push([low, this.#character()]);
      } else ranges.push([low, low]);
    }
    this.#at += 1;
    return { kind: "char", negated, ranges };
  }

  #character(): number {
    const rest = this.#text.slice(this.#at, this.#at + 12);
    const hex = /^\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))/u.exec(rest);
    if (hex !== null) {
      this.#at += hex[0].length;
      return Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? "", 16);
    }
    const plain = /^\\([trn\\"[\]-])/u.exec(rest)?.[1];
    if (plain !== undefined) {
      this.#at += 2;
      return ({ t: 9, r: 13, n: 10 } as Record<string, number>)[plain] ?? plain.codePointAt(0) ?? 0;
    }
    const code = rest.codePointAt(0);
    if (code === undefined || rest.startsWith("\\")) throw new Error(`escape: ${rest}`);
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }
}

function bounds(repeat: RegExpExecArray): readonly [number, number | null] {
  if (repeat[0] === "*") return [0, null];
  if (repeat[0] === "+") return [1, null];
  if (repeat[0] === "?") return [0, 1];
  const min = Number(repeat[1]);
  if (repeat[2] === undefined) return [min, min];
  return [min, repeat[3] === "" ? null : Number(repeat[3])];
}

function refuseLeftRecursion(rules: Rules): void {
  const nullable = new Set<string>();
  const isNullable = (item: Item): boolean => item.kind === "ref" && nullable.has(item.name);
  for (let size = -1; size !== nullable.size;) {
    size = nullable.size;
    for (const [name, alternatives] of rules) {
      if (alternatives.some((sequence) => sequence.every(isNullable))) nullable.add(name);
    }
  }
  const state = new Map<string, "open" | "done">();
  const visit = (name: string): void => {
    if (state.get(name) === "open") throw new Error(`left recursion: ${name}`);
    if (state.get(name) === "done") return;
    state.set(name, "open");
    for (const sequence of rules.get(name) ?? []) {
      for (const item of sequence) {
        if (item.kind === "ref") visit(item.name);
        if (!isNullable(item)) break;
      }
    }
    state.set(name, "done");
  };
  for (const name of rules.keys()) visit(name);
}

function minimumHeights(rules: Rules): ReadonlyMap<string, number> {
  const heights = new Map<string, number>();
  for (let changed = true; changed;) {
    changed = false;
    for (const [name, alternatives] of rules) {
      const height = Math.min(...alternatives.map((sequence) => sequenceHeight(sequence, heights))) + 1;
      if (height < (heights.get(name) ?? Infinity)) {
        heights.set(name, height);
        changed = true;
      }
    }
  }
  return heights;
}

function sequenceHeight(sequence: readonly Item[], heights: ReadonlyMap<string, number>): number {
  return Math.max(0, ...sequence.map((item) => (item.kind === "char" ? 0 : (heights.get(item.name) ?? Infinity))));
}

function sample(rules: Rules, heights: ReadonlyMap<string, number>, random: () => number, size: number): string {
  let left = size;
  let out = "";
  const todo: Item[] = [{ kind: "ref", name: "root" }];
  for (let item = todo.pop(); item !== undefined; item = todo.pop()) {
    if (item.kind === "char") {
      out += String.fromCodePoint(pick(item, random));
      continue;
    }
    const all = rules.get(item.name) ?? [];
    const least = Math.min(...all.map((sequence) => sequenceHeight(sequence, heights)));
    const free = left > 0 ? all : all.filter((sequence) => sequenceHeight(sequence, heights) === least);
    left -= 1;
    const chosen = free[Math.floor(random() * free.length)] ?? [];
    todo.push(...chosen.toReversed());
  }
  return out;
}

function pick(item: Extract<Item, { kind: "char" }>, random: () => number): number {
  if (item.negated) {
    const common = Array.from("abc 0:,{}[]'/é中😀\n\t", (character) => character.codePointAt(0) ?? 0);
    const allowed = common.filter((code) => !item.ranges.some(([low, high]) => low <= code && code <= high));
    return allowed[Math.floor(random() * allowed.length)] ?? 0x61;
  }
  const [low, high] = item.ranges[Math.floor(random() * item.ranges.length)] ?? [0x61, 0x61];
  // Long ranges (all of Unicode) mostly give their first characters, which are the interesting ones.
  const code = low + Math.floor(random() * (Math.min(high, low + 300) - low + 1));
  return code >= 0xd800 && code <= 0xdfff ? high : code;
}

function accepts(rules: Rules, text: string): boolean {
  let stacks = expand(rules, [[{ kind: "ref", name: "root" }]]);
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const next: (readonly Item[])[] = [];
    for (const stack of stacks) {
      const top = stack.at(-1);
      if (top?.kind !== "char") continue;
      const inside = top.ranges.some(([low, high]) => low <= code && code <= high);
      if (inside !== top.negated) next.push(stack.slice(0, -1));
    }
    stacks = expand(rules, next);
  }
  return stacks.some((stack) => stack.length === 0);
}

/** Stacks (top last) of which each ends in a character, or is empty. */
function expand(rules: Rules, stacks: readonly (readonly Item[])[]): readonly (readonly Item[])[] {
  const out = new Map<string, readonly Item[]>();
  const seen = new Set<string>();
  const todo = [...stacks];
  for (let stack = todo.pop(); stack !== undefined; stack = todo.pop()) {
    const key = stack.map((item) => (item.kind === "ref" ? item.name : JSON.stringify(item))).join(" ");
    if (seen.has(key)) continue;
    seen.add(key);
    const top = stack.at(-1);
    if (top?.kind !== "ref") {
      out.set(key, stack);
      continue;
    }
    for (const sequence of rules.get(top.name) ?? []) todo.push([...stack.slice(0, -1), ...sequence.toReversed()]);
  }
  return [...out.values()];
}
