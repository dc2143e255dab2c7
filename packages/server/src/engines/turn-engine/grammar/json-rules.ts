import type { Gbnf } from "./gbnf.ts";
import type { JsonType } from "./schema.ts";

/** How deep a JSON value may nest that no schema describes: a weak model would open brackets until its tokens end. */
const ANY_DEPTH = 6;

/**
 * Rules that every grammar shares, always under the same names. White space is bounded, and so are the digits of a
 * number: what a grammar allows without end, a weak model writes without end. Strings hold no control characters and no
 * half of a surrogate pair.
 */
const SCALARS = [
  String.raw`j-hex ::= [0-9a-fA-F]`,
  String.raw`j-unicode ::= [0-9abcefABCEF] j-hex j-hex j-hex | [dD] [0-7] j-hex j-hex | [dD] [89abAB] j-hex j-hex "\\u" [dD] [c-fC-F] j-hex j-hex`,
  String.raw`j-char ::= [^"\\\x00-\x1F] | "\\" ["\\/bfnrt] | "\\u" j-unicode`,
  String.raw`j-str ::= "\"" j-char* "\""`,
  String.raw`j-digits ::= [0-9]{1,16}`,
  String.raw`j-whole ::= "0" | [1-9] [0-9]{0,15}`,
  String.raw`j-int ::= j-whole | "-" j-whole`,
  String.raw`j-frac ::= "." j-digits | ""`,
  String.raw`j-exp ::= [eE] [-+]? [0-9] [0-9]? | ""`,
  String.raw`j-num ::= j-int j-frac j-exp`,
  String.raw`j-bool ::= "true" | "false"`,
  String.raw`j-ws ::= "" | " " | "\n" [ \t]{0,16}`,
  String.raw`j-sp ::= "" | " "`,
];

function anyRules(depth: number): readonly string[] {
  const scalars = `j-str | j-num | j-bool | "null"`;
  if (depth === ANY_DEPTH) return [`j-any${depth} ::= "{}" | "[]" | ${scalars}`];
  const inner = depth + 1;
  return [
    `j-any${depth} ::= j-obj${depth} | j-arr${depth} | ${scalars}`,
    `j-obj${depth} ::= "{" j-ws j-obz${depth}`,
    `j-obz${depth} ::= "}" | j-mem${depth} j-mor${depth}* j-ws "}"`,
    `j-mem${depth} ::= j-str j-sp ":" j-sp j-any${inner}`,
    `j-mor${depth} ::= "," j-ws j-mem${depth}`,
    `j-arr${depth} ::= "[" j-ws j-arz${depth}`,
    `j-arz${depth} ::= "]" | j-any${inner} j-ite${depth}* j-ws "]"`,
    `j-ite${depth} ::= "," j-ws j-any${inner}`,
    ...anyRules(inner),
  ];
}

export const JSON_RULES = [...SCALARS, ...anyRules(0)].join("\n");

export const ANY_VALUE = "j-any0";
export const ANY_OBJECT = "j-obj0";
const ANY_ARRAY = "j-arr0";

/** Any JSON object. */
export const anyObjectGbnf: Gbnf = { rootRule: ANY_OBJECT, rules: JSON_RULES };

/** Any JSON of the declared types. */
export function anyOfTypes(types: ReadonlySet<JsonType> | null): string {
  const only = types?.size === 1 ? [...types][0] : null;
  if (only === "object") return ANY_OBJECT;
  if (only === "array") return ANY_ARRAY;
  return only === "string" ? "j-str" : ANY_VALUE;
}
