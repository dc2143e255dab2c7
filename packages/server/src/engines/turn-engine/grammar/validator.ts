import { runInNewContext } from "node:vm";
import { Ajv, type ErrorObject, type Options } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import ajvFormats from "ajv-formats";
import { accepts, regexDfa } from "./dfa.ts";
import { parseRegex } from "./parse-regex.ts";
import { isObject } from "./schema.ts";

/** Null when the value is valid, else what is wrong, with its place. */
export type Validate = (value: unknown) => string | null;

/** How long an expression may look at one text before it counts as matched. */
const REGEX_TIMEOUT_MS = 50;

/**
 * Makes a validator for a schema of any draft from 4 on. Never throws: of a schema that cannot be compiled only the
 * type `object` is checked where it says so, and `warning` tells why.
 */
export function createValidator(schema: unknown): { readonly validate: Validate; readonly warning: string | null } {
  try {
    // The array form of `items` was given up in 2020-12.
    const options: Options = {
      strict: false,
      validateSchema: false,
      addUsedSchema: false,
      logger: false,
      inlineRefs: false,
      ownProperties: true,
      code: { regExp: Object.assign(safeRegExp, { code: "" }) },
    };
    const ajv = usesTupleItems(schema, 0) ? new Ajv(options) : new Ajv2020(options);
    ajvFormats.default(ajv);
    const check = ajv.compile(normalize(schema, 0, { places: 0 }) as object);
    // The engine compiles what was written at the first call, and gives up where it is nested too deep.
    check({});
    return {
      validate: (value) => (check(value) ? null : describe(check.errors ?? [])),
      warning: null,
    };
  } catch (error) {
    const wantsObject = isObject(schema) && schema["type"] === "object";
    return {
      validate: (value) => (wantsObject && !isObject(value) ? "must be object" : null),
      warning: error instanceof Error ? error.message : String(error),
    };
  }
}

function describe(errors: readonly ErrorObject[]): string {
  const [error] = errors;
  if (error === undefined) return "is not valid";
  const allowed = error.keyword === "enum" ? `: ${JSON.stringify(error.params["allowedValues"])}` : "";
  return `${error.instancePath === "" ? "input" : error.instancePath} ${error.message ?? "is not valid"}${allowed}`.slice(0, 500);
}

const DEEPEST_SCHEMA = 200;
/** Places of a schema that are compiled: the compiler writes code for each, while nothing else runs. */
const LARGEST_SCHEMA = 4_000;

/** Keywords whose keys are names of the client's, and keywords whose value is no schema. */
const NAMED = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"]);
const VALUES = new Set(["enum", "const", "default", "examples", "example"]);

/** Draft 4's boolean bounds as numbers, and no ids: schemas of different tenants must not meet in a registry. */
function normalize(node: unknown, depth: number, seen: { places: number }, isNamed = false): unknown {
  if (depth > DEEPEST_SCHEMA) throw new Error("the schema is too deep");
  seen.places += 1;
  if (seen.places > LARGEST_SCHEMA) throw new Error("the schema is too large");
  if (Array.isArray(node)) return node.map((item) => normalize(item, depth + 1, seen));
  if (!isObject(node)) return node;
  if (isNamed) return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, normalize(value, depth + 1, seen)]));
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    if (key === "__proto__" || ((key === "$id" || key === "id" || key === "$schema") && typeof value === "string")) continue;
    if (key === "nullable" && node["type"] === undefined) continue;
    out[key] = VALUES.has(key) ? value : normalize(value, depth + 1, seen, NAMED.has(key));
  }
  for (const [bound, exclusive] of [
    ["minimum", "exclusiveMinimum"],
    ["maximum", "exclusiveMaximum"],
  ] as const) {
    if (typeof out[exclusive] !== "boolean") continue;
    if (out[exclusive] && typeof out[bound] === "number") {
      out[exclusive] = out[bound];
      delete out[bound];
    } else delete out[exclusive];
  }
  return out;
}

function usesTupleItems(node: unknown, depth: number): boolean {
  if (depth > DEEPEST_SCHEMA || typeof node !== "object" || node === null) return false;
  if (isObject(node) && Array.isArray(node["items"]) && node["prefixItems"] === undefined) return true;
  return Object.values(node).some((child) => usesTupleItems(child, depth + 1));
}

/**
 * A tenant's expression on a model's text: an automaton where there is one, since a backtracking engine can be made to
 * run for ever; else the engine with a time limit, after which the text counts as matched.
 */
function safeRegExp(pattern: string, flags: string): { test(text: string): boolean; toString(): string } {
  // The validator keeps one expression for each spelling.
  const toString = (): string => `/${pattern}/${flags}`;
  const node = parseRegex(pattern);
  const dfa = node === null ? null : regexDfa(node);
  if (dfa !== null) return { test: (text) => accepts(dfa, text), toString };
  const source = compiles(pattern, flags) ? new RegExp(pattern, flags) : new RegExp(pattern);
  return {
    toString,
    test(text) {
      try {
        return runInNewContext("expression.test(text)", { expression: source, text }, { timeout: REGEX_TIMEOUT_MS }) === true;
      } catch {
        return true;
      }
    },
  };
}

function compiles(pattern: string, flags: string): boolean {
  try {
    return new RegExp(pattern, flags) instanceof RegExp;
  } catch {
    return false;
  }
}
