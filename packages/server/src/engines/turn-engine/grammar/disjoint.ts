import { allowedValues } from "./merge-schemas.ts";
import { type JsonType, type Schema, declaredTypes, isObject } from "./schema.ts";

/** Whether it is plain that no value satisfies both: other types, other values, or another value of a required key. */
export function areDisjoint(a: Schema, b: Schema, depth = 0): boolean {
  if (a === false || b === false) return true;
  if (a === true || b === true || depth > 2) return false;
  const aValues = allowedValues(a);
  const bValues = allowedValues(b);
  if (aValues !== null && bValues !== null) {
    const inB = new Set(bValues.map((value) => JSON.stringify(value)));
    return aValues.every((value) => !inB.has(JSON.stringify(value)));
  }
  const aTypes = declaredTypes(a);
  const bTypes = declaredTypes(b);
  if (aTypes === null || bTypes === null) return false;
  if (!overlap(aTypes, bTypes)) return true;
  if (aTypes.size > 1 || bTypes.size > 1 || !aTypes.has("object") || !bTypes.has("object")) return false;
  const required = (schema: Schema): ReadonlySet<unknown> =>
    new Set(isObject(schema) && Array.isArray(schema["required"]) ? schema["required"] : []);
  const [inA, inB] = [required(a), required(b)];
  const [aProperties, bProperties] = [a["properties"], b["properties"]];
  if (!isObject(aProperties) || !isObject(bProperties)) return false;
  return Object.keys(aProperties).some((key) => {
    const [left, right] = [aProperties[key], Object.hasOwn(bProperties, key) ? bProperties[key] : undefined];
    return inA.has(key) && inB.has(key) && isObject(left) && isObject(right) && areDisjoint(left, right, depth + 1);
  });
}

function overlap(a: ReadonlySet<JsonType>, b: ReadonlySet<JsonType>): boolean {
  return [...a].some((type) => b.has(type) || (type === "integer" && b.has("number")) || (type === "number" && b.has("integer")));
}
