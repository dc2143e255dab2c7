import { integerBody, numberBody } from "./number-rules.ts";
import type { SchemaCompiler, Site } from "./schema-compiler.ts";
import type { SchemaObject } from "./schema.ts";
import { CHECKED_FORMATS, FORMATS } from "./formats.ts";
import { formatRule, lengthRule, patternRule } from "./string-rules.ts";

/** A keyword's whole number of zero or more, or null. */
export function count(schema: SchemaObject, keyword: string): number | null {
  const value = schema[keyword];
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? Math.ceil(value) : null;
}

export function stringRule(compiler: SchemaCompiler, schema: SchemaObject, site: Site): string | null {
  const { rules } = compiler;
  const { pattern, format } = schema;
  const minLength = count(schema, "minLength") ?? 0;
  const maxLength = count(schema, "maxLength");
  if (maxLength !== null && maxLength < minLength) return null;
  const bounds = { minLength, maxLength };
  const unbounded = { minLength: 0, maxLength: null };
  const relaxLengths = (): void => {
    if (minLength > 0) compiler.relax(site, "minLength");
    if (maxLength !== null) compiler.relax(site, "maxLength");
  };
  if (typeof pattern === "string") {
    if (typeof format === "string" && isChecked(format)) compiler.relax(site, "format");
    const exact = compiler.mayUsePattern() ? patternRule(rules, pattern, bounds) : null;
    if (exact !== null) return exact;
    const found = minLength > 0 || maxLength !== null ? patternRule(rules, pattern, unbounded) : null;
    if (found !== null) {
      relaxLengths();
      return found;
    }
    compiler.relax(site, "pattern");
  } else if (typeof format === "string" && isChecked(format)) {
    const exact = formatRule(rules, format, bounds);
    if (exact !== null) return exact;
    const found = formatRule(rules, format, unbounded);
    if (found !== null) {
      relaxLengths();
      return found;
    }
    compiler.relax(site, "format");
  }
  const { rule, relaxed } = lengthRule(rules, bounds);
  if (relaxed) relaxLengths();
  return rule;
}

function isChecked(format: string): boolean {
  return FORMATS.has(format) || CHECKED_FORMATS.has(format);
}

export function numberRule(
  compiler: SchemaCompiler,
  type: "number" | "integer",
  schema: SchemaObject,
  site: Site,
): string | null {
  if (schema["multipleOf"] !== undefined && !(type === "integer" && schema["multipleOf"] === 1)) {
    compiler.relax(site, "multipleOf");
  }
  if (schema["format"] === "int32" || (schema["format"] === "int64" && type === "number")) compiler.relax(site, "format");
  const [min, minExclusive] = bound(schema["minimum"], schema["exclusiveMinimum"], Math.max);
  const [max, maxExclusive] = bound(schema["maximum"], schema["exclusiveMaximum"], Math.min);
  const bounds = { min, max, minExclusive, maxExclusive };
  const body = type === "integer" ? integerBody(bounds) : numberBody(bounds);
  if (body === null) return null;
  if (body.relaxed) {
    if (min !== null) compiler.relax(site, "minimum");
    if (max !== null) compiler.relax(site, "maximum");
  }
  return /^j-\w+$/u.test(body.body) ? body.body : compiler.rules.rule(body.body);
}

/** The stricter of the two bounds. Draft 4 wrote `exclusiveMinimum: true` beside `minimum`. */
function bound(
  inclusive: unknown,
  exclusive: unknown,
  stricter: (a: number, b: number) => number,
): readonly [number | null, boolean] {
  const plain = typeof inclusive === "number" && Number.isFinite(inclusive) ? inclusive : null;
  if (exclusive === true) return [plain, plain !== null];
  if (typeof exclusive !== "number" || !Number.isFinite(exclusive)) return [plain, false];
  if (plain === null) return [exclusive, true];
  const value = stricter(plain, exclusive);
  return [value, value === exclusive];
}
