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
const FREE_JSON_MAX_DEPTH = 200;

const NOT_AN_OBJECT = "Input should be a valid dictionary or object to extract fields from";

/** The place of the walk, one array for all of it: a hostile body has millions of places and at most one problem. */
type Path = (string | number)[];

function problem(path: Path, text: string, ...more: string[]): Problem {
  return { path: [...path, ...more], text };
}

/** Walks one step further down; the path is as before when there is no problem. */
function descend(schema: z.core.$ZodType, value: unknown, path: Path, step: string | number): Problem | null {
  path.push(step);
  const found = walk(schema, value, path);
  path.pop();
  return found;
}

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
      if (typeof value !== "string") return problem(path, "Input should be a valid string");
      // `z.email()` and its like are schemas whose own definition is the check.
      return stringFormat(def, value, path) ?? stringChecks(def.checks, value, path);
    case "number":
      return number(def, value, path);
    case "boolean":
      return typeof value === "boolean" ? null : problem(path, "Input should be a valid boolean");
    case "null":
      return value === null ? null : problem(path, "Input should be None");
    case "literal":
      return (def.values as unknown[]).includes(value) ? null : problem(path, oneOf(def.values));
    case "enum": {
      const values = Object.values(def.entries);
      return values.includes(value as string) ? null : problem(path, oneOf(values));
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
    return problem(path, `Input should be a valid ${isInteger ? "integer" : "number"}`);
  }
  if (!Number.isFinite(value)) return problem(path, "Input should be a finite number");
  if (isInteger && !Number.isInteger(value)) {
    return problem(path, "Input should be a valid integer, got a number with a fractional part");
  }
  for (const check of checkDefs(def.checks)) {
    if (check.check === "greater_than") {
      const { value: bound } = check as z.core.$ZodCheckGreaterThanDef;
      if (value < Number(bound)) return problem(path, `Input should be greater than or equal to ${String(bound)}`);
    } else if (check.check === "less_than") {
      const { value: bound } = check as z.core.$ZodCheckLessThanDef;
      if (value > Number(bound)) return problem(path, `Input should be less than or equal to ${String(bound)}`);
    }
  }
  if (isInteger && !Number.isSafeInteger(value)) {
    const bound =
      value > 0 ? `less than or equal to ${Number.MAX_SAFE_INTEGER}` : `greater than or equal to ${Number.MIN_SAFE_INTEGER}`;
    return problem(path, `Input should be ${bound}`);
  }
  return null;
}

function stringChecks(checks: z.core.$ZodStringDef["checks"], value: string, path: Path): Problem | null {
  for (const check of checkDefs(checks)) {
    switch (check.check) {
      case "min_length": {
        const { minimum } = check as z.core.$ZodCheckMinLengthDef;
        if (value.length < minimum) return problem(path, `String should have at least ${counted(minimum, "character")}`);
        break;
      }
      case "max_length": {
        const { maximum } = check as z.core.$ZodCheckMaxLengthDef;
        if (value.length > maximum) return problem(path, `String should have at most ${counted(maximum, "character")}`);
        break;
      }
      case "string_format": {
        const found = stringFormat(check as z.core.$ZodCheckStringFormatDef, value, path);
        if (found) return found;
        break;
      }
    }
  }
  return null;
}

function stringFormat(def: z.core.$ZodStringDef | z.core.$ZodCheckStringFormatDef, value: string, path: Path): Problem | null {
  if (!("pattern" in def) || !(def.pattern instanceof RegExp) || def.pattern.test(value)) return null;
  if ("format" in def && def.format === "email") return problem(path, "value is not a valid email address");
  return problem(path, `String should match pattern '${def.pattern.source}'`);
}

function array(def: z.core.$ZodArrayDef, value: unknown, path: Path): Problem | null {
  if (!Array.isArray(value)) return problem(path, "Input should be a valid list");
  for (const check of checkDefs(def.checks)) {
    if (check.check === "min_length") {
      const { minimum } = check as z.core.$ZodCheckMinLengthDef;
      if (value.length < minimum) {
        return problem(path, `List should have at least ${counted(minimum, "item")} after validation, not ${value.length}`);
      }
    } else if (check.check === "max_length") {
      const { maximum } = check as z.core.$ZodCheckMaxLengthDef;
      if (value.length > maximum) {
        return problem(path, `List should have at most ${counted(maximum, "item")} after validation, not ${value.length}`);
      }
    }
  }
  for (let index = 0; index < value.length; index += 1) {
    const found = descend(def.element, value[index], path, index);
    if (found) return found;
  }
  return null;
}

function record(def: z.core.$ZodRecordDef, value: unknown, path: Path): Problem | null {
  if (!isObject(value)) return problem(path, "Input should be a valid dictionary");
  for (const key of Object.keys(value)) {
    const found = descend(def.valueType, value[key], path, key);
    if (found) return found;
  }
  return null;
}

function object(def: z.core.$ZodObjectDef, value: unknown, path: Path): Problem | null {
  if (!isObject(value)) return problem(path, NOT_AN_OBJECT);
  for (const [key, schema] of fieldsOf(def)) {
    // Own keys only: `__proto__` and `constructor` in a body are names like any other.
    const field = Object.hasOwn(value, key) ? value[key] : undefined;
    if (field === undefined) {
      if (schema._zod.optin === "optional") continue;
      return problem(path, "Field required", key);
    }
    const found = descend(schema, field, path, key);
    if (found) return found;
  }
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(def.shape, key)) continue;
    if (def.catchall === undefined || def.catchall._zod.def.type === "never") {
      return problem(path, "Extra inputs are not permitted", key);
    }
    const found = descend(def.catchall, value[key], path, key);
    if (found) return found;
  }
  return null;
}

/** A union told apart by a key. `type` stands in the platform's paths as a part of its own; `role` does not. */
function taggedUnion(def: z.core.$ZodDiscriminatedUnionDef, value: unknown, path: Path): Problem | null {
  if (!isObject(value)) return problem(path, NOT_AN_OBJECT);
  const key = def.discriminator;
  const tag = Object.hasOwn(value, key) ? value[key] : undefined;
  const option = optionsByTag(def).get(tag);
  if (option) return key === "type" ? descend(option.schema, value, path, option.name) : walk(option.schema, value, path);
  if (tag === undefined) return problem(path, "Field required", key);
  if (typeof tag !== "string") return problem(path, "Input should be a valid string", key);
  const names = def.options.map((each) => firstTag(each, key));
  if (key !== "type") return problem(path, oneOf(names), key);
  const expected = names
    .map((name) => `'${String(name)}'`)
    .toSorted()
    .join(", ");
  return problem(path, `Input tag '${quoted(tag)}' found using 'type' does not match any of the expected tags: ${expected}`);
}

interface TaggedOption {
  readonly schema: z.core.$ZodType;
  /** As it stands in paths: a tag that may be left out has one all the same. */
  readonly name: string;
}

const optionsByTag = cached((def: z.core.$ZodDiscriminatedUnionDef): ReadonlyMap<unknown, TaggedOption> => {
  const key = def.discriminator;
  return new Map(
    def.options.flatMap((schema) => {
      const name = String(firstTag(schema, key));
      return [...(schema._zod.propValues?.[key] ?? [])].map((tag) => [tag, { schema, name }] as const);
    }),
  );
});

const fieldsOf = cached((def: z.core.$ZodObjectDef): readonly (readonly [string, z.core.$ZodType])[] =>
  Object.entries(def.shape),
);

const checksOf = cached((checks: readonly z.core.$ZodCheck[]): readonly z.core.$ZodCheckDef[] =>
  checks.map((check) => check._zod.def),
);

/** Schemas never change, so what is derived from a part of one is derived once. */
function cached<Key extends object, Value>(derive: (key: Key) => Value): (key: Key) => Value {
  const known = new WeakMap<Key, Value>();
  return (key) => {
    let value = known.get(key);
    if (value === undefined) {
      value = derive(key);
      known.set(key, value);
    }
    return value;
  };
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
    case "string":
    case "literal":
    case "enum":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "array":
      return Array.isArray(value);
    default:
      return isObject(value);
  }
}

function freeJson(value: unknown, path: Path, depth: number): Problem | null {
  if (typeof value !== "object" || value === null) return null;
  if (depth >= FREE_JSON_MAX_DEPTH) {
    return problem(path, `Input should not be nested deeper than ${FREE_JSON_MAX_DEPTH} levels`);
  }
  // The path stays at the free-form field: deeper parts are the client's own names.
  if (Array.isArray(value)) {
    for (const each of value) {
      const found = freeJson(each, path, depth + 1);
      if (found) return found;
    }
    return null;
  }
  for (const key of Object.keys(value)) {
    const found = freeJson((value as Record<string, unknown>)[key], path, depth + 1);
    if (found) return found;
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const NO_CHECKS: readonly z.core.$ZodCheckDef[] = [];

function checkDefs(checks: readonly z.core.$ZodCheck[] | undefined): readonly z.core.$ZodCheckDef[] {
  return checks ? checksOf(checks) : NO_CHECKS;
}

function oneOf(values: readonly unknown[]): string {
  const names = values.map((value) => (typeof value === "string" ? `'${value}'` : String(value)));
  const last = names.at(-1) ?? "";
  return `Input should be ${names.length > 1 ? `${names.slice(0, -1).join(", ")} or ${last}` : last}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
