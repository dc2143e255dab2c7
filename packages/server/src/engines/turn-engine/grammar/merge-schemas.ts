import { type JsonType, type Schema, type SchemaObject, asSchema, declaredTypes, isObject } from "./schema.ts";

/**
 * The schema of what satisfies both, where that can be written down. Sub-schemas that meet become `allOf`. Keywords
 * that cannot be joined are kept from the first; `lost` is called with their names.
 */
export function mergeSchemas(first: Schema, second: Schema, lost: (keyword: string) => void): Schema {
  if (first === false || second === false) return false;
  if (first === true) return second;
  if (second === true) return first;
  const out: Record<string, unknown> = { ...first };
  for (const [key, value] of Object.entries(second)) {
    if (!Object.hasOwn(first, key)) out[key] = value;
  }
  if (!mergeTypes(out, first, second)) return false;
  if (!mergeValues(out, first, second)) return false;
  mergeProperties(out, first, second);
  for (const key of Object.keys(second)) {
    if (!Object.hasOwn(first, key) || key === "type" || key === "nullable") continue;
    mergeKeyword(out, key, first[key], second[key], lost);
  }
  return out;
}

function mergeTypes(out: Record<string, unknown>, first: SchemaObject, second: SchemaObject): boolean {
  const a = declaredTypes(first);
  const b = declaredTypes(second);
  if (a === null && b === null) return true;
  delete out["nullable"];
  const types = a === null ? b : b === null ? a : intersection(a, b);
  if (types === null || types.size === 0) return false;
  out["type"] = [...types];
  return true;
}

function intersection(a: ReadonlySet<JsonType>, b: ReadonlySet<JsonType>): ReadonlySet<JsonType> {
  const covers = (types: ReadonlySet<JsonType>, type: JsonType): boolean =>
    types.has(type) || (type === "integer" && types.has("number"));
  return new Set([...a.values().filter((type) => covers(b, type)), ...b.values().filter((type) => covers(a, type))]);
}

/** `enum` and `const`: what both allow. */
function mergeValues(out: Record<string, unknown>, first: SchemaObject, second: SchemaObject): boolean {
  const a = allowedValues(first);
  const b = allowedValues(second);
  if (a === null && b === null) return true;
  delete out["const"];
  const inSecond = new Set(b?.map((value) => JSON.stringify(value)));
  out["enum"] = a === null ? b : b === null ? a : a.filter((value) => inSecond.has(JSON.stringify(value)));
  return Array.isArray(out["enum"]) && out["enum"].length > 0;
}

export function allowedValues(schema: SchemaObject): readonly unknown[] | null {
  if (Object.hasOwn(schema, "const")) return [schema["const"]];
  return Array.isArray(schema["enum"]) ? schema["enum"] : null;
}

/** A property that only one side declares must satisfy the other side's `additionalProperties`. */
function mergeProperties(out: Record<string, unknown>, first: SchemaObject, second: SchemaObject): void {
  const a = isObject(first["properties"]) ? first["properties"] : null;
  const b = isObject(second["properties"]) ? second["properties"] : null;
  if (a === null && b === null) return;
  const rest = (schema: SchemaObject): Schema => asSchema(schema["additionalProperties"] ?? true);
  const pair = (left: Schema, right: Schema): Schema => {
    if (left === true || right === false) return right;
    if (right === true || left === false) return left;
    return { allOf: [left, right] };
  };
  const names = new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})]);
  out["properties"] = Object.fromEntries(
    [...names].map((name) => {
      const left = a !== null && Object.hasOwn(a, name) ? asSchema(a[name]) : rest(first);
      const right = b !== null && Object.hasOwn(b, name) ? asSchema(b[name]) : rest(second);
      return [name, pair(left, right)];
    }),
  );
}

const LARGER = new Set(["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"]);
const SMALLER = new Set(["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"]);

function mergeKeyword(
  out: Record<string, unknown>,
  key: string,
  a: unknown,
  b: unknown,
  lost: (keyword: string) => void,
): void {
  if (key === "properties" || key === "enum" || key === "const") return;
  if (typeof a === "number" && typeof b === "number" && (LARGER.has(key) || SMALLER.has(key))) {
    out[key] = LARGER.has(key) ? Math.max(a, b) : Math.min(a, b);
  } else if (key === "required" && Array.isArray(a) && Array.isArray(b)) {
    out[key] = [...new Set([...a, ...b])];
  } else if (key === "additionalProperties" || key === "items") {
    out[key] = a === false || b === false ? false : { allOf: [a, b] };
  } else if (key === "uniqueItems") {
    out[key] = a === true || b === true;
  } else if (JSON.stringify(a) !== JSON.stringify(b)) {
    lost(key);
  }
}
