import { BoundedCache } from "./bounded-cache.ts";
import { type CharSet, charSet, characters, has, subtract } from "./char-set.ts";
import { type Dfa, allExcept, regexDfa } from "./dfa.ts";
import { FORMATS } from "./formats.ts";
import type { RuleSet } from "./gbnf.ts";
import { parseRegex } from "./parse-regex.ts";

/** Repetitions up to this length are unrolled one by one; longer ones in blocks, which costs the square root. */
const BLOCK_CHARACTERS = 64;
const LONGEST_BOUND_CHARACTERS = 16_384;

/** What JSON must escape, with the letter behind the backslash. Other control characters are left out. */
const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x22, '"'],
  [0x5c, "\\\\"],
  [0x0a, "n"],
  [0x0d, "r"],
  [0x09, "t"],
  [0x08, "b"],
  [0x0c, "f"],
]);
const NOT_RAW = charSet([
  [0, 0x1f],
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0xd800, 0xdfff],
]);

export interface StringBounds {
  readonly minLength: number;
  readonly maxLength: number | null;
}

/** A quoted string of bounded length; `relaxed` when a bound is too large to be unrolled. */
export function lengthRule(rules: RuleSet, { minLength, maxLength }: StringBounds): { rule: string; relaxed: boolean } {
  if (minLength === 0 && maxLength === null) return { rule: "j-str", relaxed: false };
  const min = Math.min(minLength, LONGEST_BOUND_CHARACTERS);
  const max = maxLength !== null && maxLength > LONGEST_BOUND_CHARACTERS ? null : maxLength;
  const parts = [exactly(rules, min)];
  if (max === null) parts.push("j-char*");
  else if (max > min) parts.push(atMost(rules, max - min));
  const body = ['"\\""', ...parts.filter((part) => part !== ""), '"\\""'].join(" ");
  return { rule: rules.rule(body), relaxed: min !== minLength || max !== maxLength };
}

function exactly(rules: RuleSet, count: number): string {
  if (count === 0) return "";
  if (count <= BLOCK_CHARACTERS) return rules.rule(`j-char{${count}}`, count);
  const blocks = Math.floor(count / BLOCK_CHARACTERS);
  const block = exactly(rules, BLOCK_CHARACTERS);
  return rules.rule(`${block}{${blocks}} ${exactly(rules, count % BLOCK_CHARACTERS)}`, blocks);
}

function atMost(rules: RuleSet, count: number): string {
  if (count <= 2 * BLOCK_CHARACTERS) return rules.rule(`j-char{0,${count}}`, count);
  // Blocks, then a tail that is long enough to reach every length between two numbers of blocks.
  const blocks = Math.floor((count - BLOCK_CHARACTERS + 1) / BLOCK_CHARACTERS);
  const tail = count - blocks * BLOCK_CHARACTERS;
  const block = exactly(rules, BLOCK_CHARACTERS);
  return rules.rule(`${block}{0,${blocks}} j-char{0,${tail}}`, blocks + tail);
}

/** An automaton takes up to some hundred milliseconds, and formats come again and again. */
const automata = new BoundedCache<{ readonly dfa: Dfa | null }>(128);

/** A quoted string that matches an expression; null where the grammar cannot say that. */
export function patternRule(rules: RuleSet, pattern: string, bounds: StringBounds): string | null {
  const { dfa } = automata.get(JSON.stringify([pattern, bounds.minLength, bounds.maxLength]), () => {
    const node = parseRegex(pattern);
    return { dfa: node === null ? null : regexDfa(node, bounds.minLength, bounds.maxLength) };
  });
  return dfa === null ? null : quotedDfa(rules, dfa);
}

export function formatRule(rules: RuleSet, format: string, bounds: StringBounds): string | null {
  const pattern = FORMATS.get(format);
  return pattern === undefined ? null : patternRule(rules, `^(?:${pattern})$`, bounds);
}

/** A quoted string that is none of `names`: a key beside the declared ones. */
export function otherKeyRule(rules: RuleSet, names: readonly string[]): string {
  return names.length === 0 ? "j-str" : quotedDfa(rules, allExcept(names));
}

function quotedDfa(rules: RuleSet, dfa: Dfa): string {
  const names = dfa.map(() => rules.reserve());
  for (const [index, state] of dfa.entries()) {
    const only = state.edges.length === 1 ? state.edges[0] : undefined;
    const isAnything = state.accepts && only?.target === index && has(only.set, 0) && only.set.length === 1;
    if (isAnything && only.set[0]?.[1] === 0x10ffff) {
      rules.define(names[index] ?? "", "j-char*");
      continue;
    }
    const alternatives = state.edges.flatMap(({ set, target }) => characterParts(set).map((part) => `${part} ${names[target]}`));
    if (state.accepts || alternatives.length === 0) alternatives.push('""');
    rules.define(names[index] ?? "", alternatives.join(" | "));
  }
  return rules.rule(`"\\"" ${names[0]} "\\""`);
}

/** How the characters of a set stand in a JSON string. */
function characterParts(set: CharSet): readonly string[] {
  const raw = subtract(set, NOT_RAW);
  const escaped = [...ESCAPES].filter(([code]) => has(set, code)).map(([, letter]) => letter);
  return [
    ...(raw.length === 0 ? [] : [`[${raw.map(([low, high]) => rangeText(low, high)).join("")}]`]),
    ...(escaped.length === 0 ? [] : [`"\\\\" [${escaped.join("")}]`]),
  ];
}

function rangeText(low: number, high: number): string {
  return low === high ? codeText(low) : `${codeText(low)}-${codeText(high)}`;
}

const PLAIN = characters(" !#$%&'()*+,./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_`abcdefghijklmnopqrstuvwxyz{|}~");

function codeText(code: number): string {
  if (has(PLAIN, code)) return String.fromCodePoint(code);
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
