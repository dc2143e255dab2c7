import { BoundedCache } from "./bounded-cache.ts";
import { compileJsonSchema } from "./compile-json-schema.ts";
import { contentHash } from "./compile-tool.ts";
import { joinRules } from "./gbnf.ts";
import { ANY_VALUE, JSON_RULES } from "./json-rules.ts";
import { createValidator } from "./validator.ts";

/** The grammar and the check of `output_config.format`. */
export interface CompiledOutputSchema {
  /** Whole grammar with a `root` rule. */
  readonly gbnf: string;
  /** Any JSON, for an engine that refuses `gbnf`. */
  readonly anyJsonGbnf: string;
  /** Whether the grammar alone makes a reply valid. */
  readonly exact: boolean;
  /** JSON pointers of what the grammar had to relax. */
  readonly relaxed: readonly string[];
  /** Null when the reply's text is valid, else what is wrong. */
  validateText(text: string): string | null;
}

const ANY_JSON_GBNF = joinRules(`root ::= ${ANY_VALUE}`, JSON_RULES);

const compiled = new BoundedCache<CompiledOutputSchema>(256);

/** Compiles a reply's schema. Never throws; equal schemas are compiled once. */
export function compileOutputSchema(schema: Readonly<Record<string, unknown>>): CompiledOutputSchema {
  return compiled.get(contentHash(schema), () => {
    const { rootRule, rules, relaxed } = compileJsonSchema(schema, { rulePrefix: "o" });
    const { validate, warning } = createValidator(schema);
    return {
      gbnf: joinRules(`root ::= ${rootRule}`, rules),
      anyJsonGbnf: ANY_JSON_GBNF,
      exact: relaxed.length === 0 && warning === null,
      relaxed,
      validateText(text) {
        let value: unknown;
        try {
          value = JSON.parse(text);
        } catch {
          return "the reply is not JSON";
        }
        return validate(value);
      },
    };
  });
}
