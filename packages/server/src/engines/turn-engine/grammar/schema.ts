/** A JSON Schema as clients send it: anything may stand in it. */
export type Schema = boolean | SchemaObject;
export type SchemaObject = Readonly<Record<string, unknown>>;

export type JsonType = "object" | "array" | "string" | "number" | "integer" | "boolean" | "null";

const JSON_TYPES: readonly string[] = ["object", "array", "string", "number", "integer", "boolean", "null"];

/** Keywords that say nothing about which values are valid. */
const ANNOTATIONS: ReadonlySet<string> = new Set([
  "title",
  "description",
  "default",
  "examples",
  "example",
  "$comment",
  "deprecated",
  "readOnly",
  "writeOnly",
  "$schema",
  "$id",
  "id",
  "$anchor",
  "$defs",
  "definitions",
  "$vocabulary",
  "contentEncoding",
  "contentMediaType",
]);

export function isObject(value: unknown): value is SchemaObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is no schema says nothing. */
export function asSchema(value: unknown): Schema {
  return typeof value === "boolean" || isObject(value) ? value : true;
}

export function withoutAnnotations(schema: SchemaObject): SchemaObject {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !ANNOTATIONS.has(key) && !key.startsWith("x-")));
}

/** The declared types, or null where none is. */
export function declaredTypes(schema: SchemaObject): ReadonlySet<JsonType> | null {
  const { type } = schema;
  const listed = typeof type === "string" ? [type] : Array.isArray(type) ? type : null;
  if (listed === null) return null;
  const known = listed.filter((item): item is JsonType => typeof item === "string" && JSON_TYPES.includes(item));
  if (known.length === 0) return null;
  return new Set(schema["nullable"] === true ? [...known, "null" as const] : known);
}

const IMPLIED: Readonly<Record<string, JsonType>> = {
  properties: "object",
  required: "object",
  additionalProperties: "object",
  patternProperties: "object",
  minProperties: "object",
  maxProperties: "object",
  propertyNames: "object",
  items: "array",
  prefixItems: "array",
  minItems: "array",
  maxItems: "array",
  uniqueItems: "array",
  contains: "array",
  pattern: "string",
  minLength: "string",
  maxLength: "string",
  format: "string",
  minimum: "number",
  maximum: "number",
  exclusiveMinimum: "number",
  exclusiveMaximum: "number",
  multipleOf: "number",
};

/** Types that keywords speak of where no type is declared; empty where every value is meant. */
export function impliedTypes(schema: SchemaObject): ReadonlySet<JsonType> {
  return new Set(Object.keys(schema).flatMap((key) => (Object.hasOwn(IMPLIED, key) ? [IMPLIED[key] ?? "object"] : [])));
}

export function typeOf(value: unknown): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  switch (typeof value) {
    case "string":
      return "string";
    case "boolean":
      return "boolean";
    case "number":
      return Number.isInteger(value) ? "integer" : "number";
    default:
      return "object";
  }
}

/** The node that a local `$ref` names, or undefined. `$anchor` names are found too. */
export function resolveRef(root: Schema, ref: string): unknown {
  if (ref === "#" || ref === "") return root;
  if (!ref.startsWith("#")) return undefined;
  if (!ref.startsWith("#/")) return findAnchor(root, ref.slice(1), 0);
  let node: unknown = root;
  for (const part of ref.slice(2).split("/")) {
    const key = decodePointerPart(part);
    if (Array.isArray(node)) node = node[Number(key)];
    else if (isObject(node) && Object.hasOwn(node, key)) node = node[key];
    else return undefined;
  }
  return node;
}

function decodePointerPart(part: string): string {
  const plain = part.replaceAll("~1", "/").replaceAll("~0", "~");
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

const DEEPEST_ANCHOR = 24;

function findAnchor(node: unknown, name: string, depth: number): unknown {
  if (depth > DEEPEST_ANCHOR || typeof node !== "object" || node === null) return undefined;
  if (isObject(node) && node["$anchor"] === name) return node;
  for (const child of Object.values(node)) {
    const found = findAnchor(child, name, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
