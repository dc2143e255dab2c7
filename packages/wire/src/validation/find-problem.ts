import type { z } from "zod";
import { type Problem, quoted } from "./problem.ts";

/**
 * Walks a value beside its zod schema and stops at the first problem, told in the platform's words.
 *
 * Why not `schema.safeParse` and a translation of its issues: zod has no early end, so 32 MB of wrong elements become
 * millions of issues; its issues do not carry the union tags that the platform's paths have
 * (`messages.0.content.0.text.text`); and it copies, which re-orders unknown keys. The schema stays the one source:
 * a property test holds this walk and `safeParse` to the same verdict.
 */
export function findProblem(schema: z.core.$ZodType, value: unknown): Problem | null {
  return walk(schema, value, []);
}

/** Levels of nesting inside free-form JSON (tool inputs, schemas): what comes later may recurse over it. */
export const FREE_JSON_MAX_DEPTH = 200;

const NOT_AN_OBJECT = "Input should be a valid dictionary or object to extract fields from";

type Path = readonly (string | number)[];

function walk(schema: z.core.$ZodType, value: unknown, path: Path): Problem | null {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "optional":
      return value === undefined ? null : walk(def.innerType, value, path);
    case "nullable":
      return value === null ? null : walk(def.innerType, value, path);
    case "unknown":
      return freeJson(value, path, 0);
    case "string":
      return typeof value === "string" ? stringChecks(def.checks, value, path) : { path, text: "Input should be a valid string" };
    case "number":
      return number(def, value, path);
    case "boolean":
      return typeof value === "boolean" ? null : { path, text: "Input should be a valid boolean" };
    case "null":
      return value === null ? null : { path, text: "Input should be None" };
    case "literal":
      return (def.values as unknown[]).includes(value) ? null : { path, text: oneOf(def.values) };
    case "enum": {
      const values = Object.values(def.entries);
      return values.includes(value as string) ? null : { path, text: oneOf(values) };
    }
    case "array":
      return array(def, value, path);
    case "record":
      return record(def, value, path);
    case "object":
      return object(def, value, path);
    case "union":
      return "discriminator" in def
        ? taggedUnion(def as z.core.$ZodDiscriminatedUnionDef, value, path)
        : plainUnion(def, value, path);
    default:
      // A schema kind that no wire schema uses; the test that walks every exported schema keeps it so.
      throw new TypeError(`findProblem does not know schema type "${def.type}"`);
  }
}

function number(def: z.core.$ZodNumberDef & Partial<z.core.$ZodNumberFormatDef>, value: unknown, path: Path): Problem | null {
  const isInteger = def.format !== undefined;
  if (typeof value !== "number" || Number.isNaN(value)) {
    return { path, text: `Input should be a valid ${isInteger ? "integer" : "number"}` };
  }
  if (!Number.isFinite(value)) return { path, text: "Input should be a finite number" };
  if (isInteger && !Number.isInteger(value)) {
    return { path, text: "Input should be a valid integer, got a number with a fractional part" };
  }
  for (const check of checkDefs(def.checks)) {
    if (check.check === "greater_than") {
      const { value: bound } = check as z.core.$ZodCheckGreaterThanDef;
      if (value < Number(bound)) return { path, text: `Input should be greater than or equal to ${String(bound)}` };
    } else if (check.check === "less_than") {
      const { value: bound } = check as z.core.$ZodCheckLessThanDef;
      if (value > Number(bound)) return { path, text: `Input should be less than or equal to ${String(bound)}` };
    }
  }
  if (isInteger && !Number.isSafeInteger(value)) {
    const bound = value > 0 ? `less than or equal to ${Number.MAX_SAFE_INTEGER}` : `greater than or equal to ${Number.MIN_SAFE_INTEGER}`;
    return { path, text: `Input should be ${bound}` };
  }
  return null;
}

function stringChecks(checks: z.core.$ZodStringDef["checks"], value: string, path: Path): Problem | null {
  for (const check of checkDefs(checks)) {
    switch (check.check) {
      case "min_length": {
        const { minimum } = check as z.core.$ZodCheckMinLengthDef;
        if (value.length < minimum) return { path, text: `String should have at least ${counted(minimum, "character")}` };
        break;
      }
      case "max_length": {
        const { maximum } = check as z.core.$ZodCheckMaxLengthDef;
        if (value.length > maximum) return { path, text: `String should have at most ${counted(maximum, "character")}` };
        break;
      }
      case "string_format": {
        const { pattern } = check as z.core.$ZodCheckStringFormatDef;
        if (pattern && !pattern.test(value)) return { path, text: `String should match pattern '${pattern.source}'` };
        break;
      }
    }
  }
  return null;
}

function array(def: z.core.$ZodArrayDef, value: unknown, path: Path): Problem | null {
  if (!Array.isArray(value)) return { path, text: "Input should be a valid list" };
  for (const check of checkDefs(def.checks)) {
    if (check.check === "min_length") {
      const { minimum } = check as z.core.$ZodCheckMinLengthDef;
      if (value.length < minimum) {
        return { path, text: `List should have at least ${counted(minimum, "item")} after validation, not ${value.length}` };
      }
    } else if (check.check === "max_length") {
      const { maximum } = check as z.core.$ZodCheckMaxLengthDef;
      if (value.length > maximum) {
        return { path, text: `List should have at most ${counted(maximum, "item")} after validation, not ${value.length}` };
      }
    }
  }
  for (let index = 0; index < value.length; index += 1) {
    const problem = walk(def.element, value[index], [...path, index]);
    if (problem) return problem;
  }
  return null;
}

function record(def: z.core.$ZodRecordDef, value: unknown, path: Path): Problem | null {
  if (!isObject(value)) return { path, text: "Input should be a valid dictionary" };
  for (const key of Object.keys(value)) {
    const problem = walk(def.valueType, value[key], [...path, key]);
    if (problem) return problem;
  }
  return null;
}

function object(def: z.core.$ZodObjectDef, value: unknown, path: Path): Problem | null {
  if (!isObject(value)) return { path, text: NOT_AN_OBJECT };
  for (const [key, schema] of Object.entries(def.shape)) {
    const here = [...path, key];
    // Own keys only: `__proto__` and `constructor` in a body are names like any other.
    const field = Object.hasOwn(value, key) ? value[key] : undefined;
    if (field === undefined && schema._zod.optin !== "optional") return { path: here, text: "Field required" };
    const problem = walk(schema, field, here);
    if (problem) return problem;
  }
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(def.shape, key)) continue;
    if (def.catchall === undefined || def.catchall._zod.def.type === "never") {
      return { path: [...path, key], text: "Extra inputs are not permitted" };
    }
    const problem = walk(def.catchall, value[key], [...path, key]);
    if (problem) return problem;
  }
  return null;
}

/** A union told apart by a key. `type` stands in the platform's paths as a part of its own; `role` does not. */
function taggedUnion(def: z.core.$ZodDiscriminatedUnionDef, value: unknown, path: Path): Problem | null {
  if (!isObject(value)) return { path, text: NOT_AN_OBJECT };
  const key = def.discriminator;
  const tag = Object.hasOwn(value, key) ? value[key] : undefined;
  const option = optionsByTag(def).get(tag);
  if (option) {
    const name = key === "type" ? [String(firstTag(option, key))] : [];
    return walk(option, value, [...path, ...name]);
  }
  if (tag === undefined) return { path: [...path, key], text: "Field required" };
  if (typeof tag !== "string") return { path: [...path, key], text: "Input should be a valid string" };
  const names = def.options.map((each) => firstTag(each, key));
  if (key !== "type") return { path: [...path, key], text: oneOf(names) };
  const expected = names.map((name) => `'${String(name)}'`).toSorted().join(", ");
  return {
    path,
    text: `Input tag '${quoted(tag)}' found using 'type' does not match any of the expected tags: ${expected}`,
  };
}

const optionsByTagCache = new WeakMap<z.core.$ZodDiscriminatedUnionDef, ReadonlyMap<unknown, z.core.$ZodType>>();

function optionsByTag(def: z.core.$ZodDiscriminatedUnionDef): ReadonlyMap<unknown, z.core.$ZodType> {
  let options = optionsByTagCache.get(def);
  if (!options) {
    options = new Map(
      def.options.flatMap((option) => [...(option._zod.propValues?.[def.discriminator] ?? [])].map((tag) => [tag, option] as const)),
    );
    optionsByTagCache.set(def, options);
  }
  return options;
}

function firstTag(option: z.core.$ZodType, key: string): z.core.util.Primitive | undefined {
  return [...(option._zod.propValues?.[key] ?? [])].find((tag) => typeof tag === "string");
}

/** A union told apart by the JSON type of the value; when nothing fits, the last member says what was expected. */
function plainUnion(def: z.core.$ZodUnionDef, value: unknown, path: Path): Problem | null {
  const option = def.options.find((each) => takesTypeOf(each, value)) ?? def.options.at(-1);
  return option ? walk(option, value, path) : null;
}

function takesTypeOf(schema: z.core.$ZodType, value: unknown): boolean {
  switch (schema._zod.def.type) {
    case "string": case "literal": case "enum": return typeof value === "string";
    case "boolean": return typeof value === "boolean";
    case "array": return Array.isArray(value);
    default: return isObject(value);
  }
}

function freeJson(value: unknown, path: Path, depth: number): Problem | null {
  if (typeof value !== "object" || value === null) return null;
  if (depth >= FREE_JSON_MAX_DEPTH) {
    return { path, text: `Input should not be nested deeper than ${FREE_JSON_MAX_DEPTH} levels` };
  }
  // The path stays at the free-form field: deeper parts are the client's own names.
  if (Array.isArray(value)) {
    for (const each of value) {
      const problem = freeJson(each, path, depth + 1);
      if (problem) return problem;
    }
    return null;
  }
  for (const key of Object.keys(value)) {
    const problem = freeJson((value as Record<string, unknown>)[key], path, depth + 1);
    if (problem) return problem;
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkDefs(checks: readonly z.core.$ZodCheck<never>[] | undefined): z.core.$ZodCheckDef[] {
  return (checks ?? []).map((check) => check._zod.def);
}

function oneOf(values: readonly unknown[]): string {
  const names = values.map((value) => (typeof value === "string" ? `'${value}'` : String(value)));
  const last = names.at(-1) ?? "";
  return `Input should be ${names.length > 1 ? `${names.slice(0, -1).join(", ")} or ${last}` : last}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
