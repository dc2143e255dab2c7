/** The small part of GBNF, llama.cpp's grammar notation, that Parley writes. One rule is one line. */

/** Named rules and the one that stands for the whole. */
export interface Gbnf {
  readonly rootRule: string;
  readonly rules: string;
}

/** A quoted GBNF literal of any text. */
export function literal(text: string): string {
  let out = "";
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (character === '"' || character === "\\") out += `\\${character}`;
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, "0").toUpperCase()}`;
    // A lone surrogate has no UTF-8; nothing that a model writes could match it either.
    else out += code >= 0xd800 && code <= 0xdfff ? "\uFFFD" : character;
  }
  return `"${out}"`;
}

/** Joins grammars that may share rules. Rules of one name are the same rule, so the first is kept. */
export function joinRules(...parts: readonly string[]): string {
  const lines = new Map<string, string>();
  for (const part of parts) {
    for (const line of part.split("\n")) {
      const name = line.slice(0, line.indexOf(" "));
      if (name !== "" && !lines.has(name)) lines.set(name, line);
    }
  }
  return `${[...lines.values()].join("\n")}\n`;
}

/** Rules under one prefix; equal bodies share one rule. */
export class RuleSet {
  readonly #prefix: string;
  readonly #names = new Map<string, string>();
  readonly #lines: string[] = [];
  #reserved = 0;
  /** Rough number of rules that llama.cpp makes of these: repetitions are unrolled there. */
  cost = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** `repeats`: how often bounded repetitions in `body` are unrolled. */
  rule(body: string, repeats = 0): string {
    const known = this.#names.get(body);
    if (known !== undefined) return known;
    const name = this.reserve();
    this.#names.set(body, name);
    this.define(name, body, repeats);
    return name;
  }

  /** A name for a rule that is defined later, or refers to itself. */
  reserve(): string {
    this.#reserved += 1;
    return `${this.#prefix}-${this.#reserved.toString(36)}`;
  }

  define(name: string, body: string, repeats = 0): void {
    this.#lines.push(`${name} ::= ${body}`);
    this.cost += 1 + repeats + Math.floor(body.length / 64);
  }

  get text(): string {
    return this.#lines.join("\n");
  }
}
