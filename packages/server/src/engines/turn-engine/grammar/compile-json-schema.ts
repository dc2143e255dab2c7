import { type Gbnf, RuleSet, joinRules } from "./gbnf.ts";
import { ANY_VALUE, JSON_RULES, anyOfTypes } from "./json-rules.ts";
import { type Schema, asSchema, declaredTypes, isObject } from "./schema.ts";
import { SchemaCompiler, TooMuch } from "./schema-compiler.ts";

export interface CompiledSchema extends Gbnf {
  /** What the grammar does not express, as JSON pointers that end in the keyword; empty: the grammar is exact. */
  readonly relaxed: readonly string[];
}

/** Beyond this many rules (as llama.cpp counts them) sampling slows down and compiling takes seconds. */
const BUDGET_RULES = 4000;
const MOST_TRIES = 6;
const MOST_PARTS = 100;
/** How deep schemas may nest in the first and in later tries. */
const NESTING_LEVELS = [48, 8, 4, 2];

/**
 * Compiles any JSON Schema to GBNF. Total: it never throws, whatever stands in the schema; what a grammar cannot
 * express is left out and named in `relaxed`, and of a schema that is too large the largest parts become any JSON.
 * The grammar may accept less than the schema: keys stand in the schema's order, nesting is bounded, and undeclared
 * keys need `additionalProperties`.
 */
export function compileJsonSchema(schema: unknown, options: { readonly rulePrefix: string }): CompiledSchema {
  const root = asSchema(schema);
  for (const nesting of NESTING_LEVELS) {
    const compiled = compileWithinBudget(root, options.rulePrefix, nesting);
    if (compiled !== null) return compiled;
  }
  return anyOfType(root, [""]);
}

function compileWithinBudget(root: Schema, prefix: string, nesting: number): CompiledSchema | null {
  const relaxAt = new Set<string>();
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const compiler = new SchemaCompiler({ root, rules: new RuleSet(prefix), relaxAt, nesting, mostRules: 20 * BUDGET_RULES });
    try {
      const rootRule = compiler.compile();
      if (rootRule === null) return anyOfType(root, ["", ...compiler.relaxed]);
      const excess = compiler.rules.cost - BUDGET_RULES;
      if (excess <= 0) {
        return { rootRule, rules: joinRules(compiler.rules.text, JSON_RULES), relaxed: [...compiler.relaxed] };
      }
      const parts = partsToRelax(compiler.sizes, excess);
      if (parts === null) return null;
      for (const pointer of parts) relaxAt.add(pointer);
    } catch (error) {
      // A stack overflow in a very deep schema is a RangeError; the next try goes less deep.
      if (error instanceof TooMuch || error instanceof RangeError) return null;
      throw error;
    }
  }
  return null;
}

/** The smallest part whose loss is enough, or else the largest ones. The root is no part. */
function partsToRelax(sizes: ReadonlyMap<string, number>, excess: number): readonly string[] | null {
  const parts = [...sizes].filter(([pointer]) => pointer !== "").toSorted((a, b) => a[1] - b[1]);
  const enough = parts.find(([, size]) => size >= excess);
  if (enough !== undefined) return [enough[0]];
  const chosen: string[] = [];
  let saved = 0;
  for (const [pointer, size] of parts.toReversed()) {
    if (saved >= excess) return chosen;
    if (chosen.length >= MOST_PARTS) return null;
    if (chosen.some((other) => pointer.startsWith(`${other}/`) || other.startsWith(`${pointer}/`))) continue;
    chosen.push(pointer);
    saved += size;
  }
  return chosen.length > 0 ? chosen : null;
}

function anyOfType(root: Schema, relaxed: readonly string[]): CompiledSchema {
  return { rootRule: isObject(root) ? anyOfTypes(declaredTypes(root)) : ANY_VALUE, rules: JSON_RULES, relaxed };
}
