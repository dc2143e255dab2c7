import { literal } from "./gbnf.ts";
import { ANY_OBJECT, ANY_VALUE } from "./json-rules.ts";
import { tupleOf } from "./merge-schemas.ts";
import { count } from "./scalar-rules.ts";
import type { SchemaCompiler, Site } from "./schema-compiler.ts";
import { type SchemaObject, isObject } from "./schema.ts";
import { otherKeyRule, patternRule } from "./string-rules.ts";

/** Larger bounds on the number of items are not unrolled. */
const MOST_REPEATS = 64;
/** An object with more declared keys becomes any object. */
const MOST_MEMBERS = 500;

/** A member that an object may or must have, in the schema's order. */
interface Member {
  readonly rule: string;
  readonly required: boolean;
}

export function objectRule(compiler: SchemaCompiler, schema: SchemaObject, site: Site): string | null {
  const { rules } = compiler;
  if (schema["propertyNames"] !== undefined) compiler.relax(site, "propertyNames");
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = new Set(
    Array.isArray(schema["required"]) ? schema["required"].filter((name) => typeof name === "string") : [],
  );
  const names = [...new Set([...Object.keys(properties), ...required])];
  if (names.length > MOST_MEMBERS) {
    compiler.relax(site, "properties");
    return ANY_OBJECT;
  }
  const members: Member[] = [];
  for (const name of names) {
    // The validator takes a declared `__proto__` for a key that is not declared.
    const declared = Object.hasOwn(properties, name) && name !== "__proto__";
    if (!declared && !required.has(name)) continue;
    const value = declared ? compiler.child(properties[name], site, "properties", name) : undeclared(compiler, schema, site);
    if (value !== null) {
      members.push({
        rule: rules.rule(`${literal(`${JSON.stringify(name)}:`)} j-sp ${value}`),
        required: required.has(name),
      });
    } else if (required.has(name)) return null;
  }
  const extra = extraMember(compiler, schema, names, site);
  if (names.length === 0) return mapRule(compiler, schema, extra, site);
  checkCounts(compiler, schema, members, extra !== null, site);
  return rules.rule(orderedMembers(compiler, members, extra));
}

/** The value of a required key that `properties` does not name. */
function undeclared(compiler: SchemaCompiler, schema: SchemaObject, site: Site): string | null {
  const { additionalProperties } = schema;
  return additionalProperties === undefined ? ANY_VALUE : compiler.child(additionalProperties, site, "additionalProperties");
}

/** A member beside the declared ones, or null where there is none. */
function extraMember(compiler: SchemaCompiler, schema: SchemaObject, names: readonly string[], site: Site): string | null {
  const { additionalProperties, patternProperties } = schema;
  const { rules } = compiler;
  const patterns = isObject(patternProperties) ? Object.entries(patternProperties) : [];
  if (patterns.length > 0) {
    const [pattern, value] = patterns[0] ?? ["", true];
    const alone = patterns.length === 1 && names.length === 0;
    const key = alone && compiler.mayUsePattern() ? patternRule(rules, pattern, { minLength: 0, maxLength: null }) : null;
    const rule = key === null ? null : compiler.child(value, site, "patternProperties", pattern);
    if (key !== null) return rule === null ? null : rules.rule(`${key} j-sp ":" j-sp ${rule}`);
    compiler.relax(site, "patternProperties");
    if (additionalProperties === undefined || additionalProperties === false) return null;
  }
  // Without a word about other keys a schema that names some is taken to mean these: models invent the others.
  const closed = additionalProperties === undefined && (names.length > 0 || isObject(schema["properties"]));
  if (closed || additionalProperties === false) return null;
  const value =
    additionalProperties === undefined ? ANY_VALUE : compiler.child(additionalProperties, site, "additionalProperties");
  return value === null ? null : rules.rule(`${otherKeyRule(rules, names)} j-sp ":" j-sp ${value}`);
}

/** An object of undeclared keys only. */
function mapRule(compiler: SchemaCompiler, schema: SchemaObject, extra: string | null, site: Site): string | null {
  const min = count(schema, "minProperties") ?? 0;
  const max = count(schema, "maxProperties");
  if (max !== null && max < min) return null;
  if (extra === null) return min > 0 ? null : compiler.rules.rule('"{" j-ws "}"');
  // Two keys may be the same, and then count once.
  if (min > 1) compiler.relax(site, "minProperties");
  if (min === 0 && max === null && extra === "j-mem0") return ANY_OBJECT;
  return listRule(compiler, { open: "{", close: "}", item: extra, min, max, relax: () => compiler.relax(site, "maxProperties") });
}

function checkCounts(
  compiler: SchemaCompiler,
  schema: SchemaObject,
  members: readonly Member[],
  open: boolean,
  site: Site,
): void {
  const min = count(schema, "minProperties");
  const max = count(schema, "maxProperties");
  if (min !== null && members.filter(({ required }) => required).length < min) compiler.relax(site, "minProperties");
  if (max !== null && (open || members.length > max)) compiler.relax(site, "maxProperties");
}

/**
 * Members in order, optional ones left out at will. `select[i]` is what may follow a brace or comma: the member `i` or
 * a later one; so the comma is written before the choice, and the choice never ends in nothing.
 */
function orderedMembers(compiler: SchemaCompiler, members: readonly Member[], extra: string | null): string {
  const { rules } = compiler;
  let select = extra === null ? null : rules.rule(`${extra} ${rules.rule(`"," j-ws ${extra}`)}*`);
  let canEnd = true;
  for (const { rule, required } of members.toReversed()) {
    const more = select === null ? "" : rules.rule(canEnd ? `"," j-ws ${select} | ""` : `"," j-ws ${select}`);
    const here = `${rule} ${more}`.trim();
    select = rules.rule(required || select === null ? here : `${here} | ${select}`);
    canEnd &&= !required;
  }
  if (select === null) return '"{" j-ws "}"';
  return canEnd ? `"{" j-ws ${rules.rule(`"}" | ${select} j-ws "}"`)}` : `"{" j-ws ${select} j-ws "}"`;
}

export function arrayRule(compiler: SchemaCompiler, schema: SchemaObject, site: Site): string | null {
  const { rules } = compiler;
  for (const keyword of ["uniqueItems", "contains"]) {
    if (schema[keyword] !== undefined && schema[keyword] !== false) compiler.relax(site, keyword);
  }
  const min = count(schema, "minItems") ?? 0;
  const max = count(schema, "maxItems");
  if (max !== null && max < min) return null;
  const { first: tuple, rest: declaredRest } = tupleOf(schema);
  const keyword = Array.isArray(schema["prefixItems"]) ? "prefixItems" : "items";
  if (tuple.length > 0) {
    // Items behind the tuple that nothing is said of are left out where they may be.
    const first = tuple.slice(0, max ?? tuple.length).map((item, index) => compiler.child(item, site, keyword, index));
    const cut = first.indexOf(null);
    const kept = (cut < 0 ? first : first.slice(0, cut)).filter((rule) => rule !== null);
    if (cut >= 0 && cut < min) return null;
    const more = Math.max(0, min - kept.length);
    const ended = cut >= 0 || kept.length < tuple.length;
    const behind = declaredRest ?? more > 0;
    const item = ended ? null : compiler.child(behind, site, "items");
    if (more > 0 && item === null) return null;
    if (kept.length === 0) return rules.rule('"[" j-ws "]"');
    const tail =
      item === null || (max !== null && max <= kept.length)
        ? ""
        : repeated(compiler, `"," j-ws ${item}`, more, max === null ? null : max - kept.length, () =>
            compiler.relax(site, "maxItems"),
          );
    return rules.rule(`"[" j-ws ${kept.join(' "," j-ws ')} ${tail} j-ws "]"`);
  }
  const item = max === 0 ? null : compiler.child(declaredRest ?? true, site, "items");
  if (item === null) return min > 0 ? null : rules.rule('"[" j-ws "]"');
  return listRule(compiler, {
    open: "[",
    close: "]",
    item,
    min,
    max,
    relax: () => compiler.relax(site, min > MOST_REPEATS ? "minItems" : "maxItems"),
  });
}

function listRule(
  compiler: SchemaCompiler,
  list: {
    readonly open: string;
    readonly close: string;
    readonly item: string;
    readonly min: number;
    readonly max: number | null;
    readonly relax: () => void;
  },
): string {
  const { rules } = compiler;
  const { open, close, item, min, max, relax } = list;
  if (max === 0) return rules.rule(`"${open}" j-ws "${close}"`);
  const more = repeated(compiler, `"," j-ws ${item}`, Math.max(0, min - 1), max === null ? null : max - 1, relax);
  const filled = `${item} ${more} j-ws "${close}"`.replaceAll("  ", " ");
  return rules.rule(`"${open}" j-ws ${min > 0 ? filled : rules.rule(`"${close}" | ${filled}`)}`);
}

function repeated(compiler: SchemaCompiler, body: string, min: number, max: number | null, relax: () => void): string {
  const least = Math.min(min, MOST_REPEATS);
  const most = max !== null && max > MOST_REPEATS ? null : max;
  if (least !== min || most !== max) relax();
  if (most === 0) return "";
  const rule = compiler.rules.rule(body);
  if (most === null && least === 0) return `${rule}*`;
  return compiler.rules.rule(`${rule}{${least},${most ?? ""}}`, most ?? least);
}
