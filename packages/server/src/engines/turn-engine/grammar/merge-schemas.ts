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
  mergeItems(out, first, second);
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
  const names = new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})]);
  out["properties"] = Object.fromEntries(
    [...names].map((name) => {
      const left = a !== null && Object.hasOwn(a, name) ? asSchema(a[name]) : rest(first);
      const right = b !== null && Object.hasOwn(b, name) ? asSchema(b[name]) : rest(second);
      return [name, both(left, right)];
    }),
  );
}

function both(left: Schema, right: Schema): Schema {
  if (left === true || right === false) return right;
  if (right === true || left === false) return left;
  return { allOf: [left, right] };
}

/** Items by position, and the schema of the items behind them; undefined where nothing is said of those. */
export function tupleOf(schema: SchemaObject): { readonly first: readonly unknown[]; readonly rest: unknown } {
  const { prefixItems, items, additionalItems } = schema;
  if (Array.isArray(prefixItems)) return { first: prefixItems, rest: Array.isArray(items) ? undefined : items };
  return Array.isArray(items) ? { first: items, rest: additionalItems } : { first: [], rest: items };
}

function mergeItems(out: Record<string, unknown>, first: SchemaObject, second: SchemaObject): void {
  const [a, b] = [tupleOf(first), tupleOf(second)];
  const length = Math.max(a.first.length, b.first.length);
  if (length === 0 && (a.rest === undefined || b.rest === undefined)) return;
  const at = ({ first: items, rest }: typeof a, index: number): Schema =>
    asSchema(index < items.length ? items[index] : (rest ?? true));
  delete out["additionalItems"];
  delete out["items"];
  if (length > 0) out["prefixItems"] = Array.from({ length }, (_, index) => both(at(a, index), at(b, index)));
  if (a.rest !== undefined || b.rest !== undefined) {
    out["items"] = both(asSchema(a.rest ?? true), asSchema(b.rest ?? true));
  }
}

const ITEMS = new Set(["items", "prefixItems", "additionalItems"]);

const LARGER = new Set(["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"]);
const SMALLER = new Set(["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"]);

function mergeKeyword(out: Record<string, unknown>, key: string, a: unknown, b: unknown, lost: (keyword: string) => void): void {
  if (key === "properties" || key === "enum" || key === "const" || ITEMS.has(key)) return;
  if (typeof a === "number" && typeof b === "number" && (LARGER.has(key) || SMALLER.has(key))) {
    out[key] = LARGER.has(key) ? Math.max(a, b) : Math.min(a, b);
  } else if (key === "required" && Array.isArray(a) && Array.isArray(b)) {
    out[key] = [...new Set([...a, ...b])];
  } else if (key === "additionalProperties") {
    out[key] = both(asSchema(a), asSchema(b));
  } else if (key === "uniqueItems") {
    out[key] = a === true || b === true;
  } else if (JSON.stringify(a) !== JSON.stringify(b)) {
    lost(key);
  }
}
