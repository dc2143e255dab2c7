import { type RuleSet, literal } from "./gbnf.ts";
import { ANY_VALUE, anyOfTypes } from "./json-rules.ts";
import { allowedValues, mergeSchemas } from "./merge-schemas.ts";
import { arrayRule, objectRule } from "./container-rules.ts";
import { numberRule, stringRule } from "./scalar-rules.ts";
import {
  type JsonType,
  type Schema,
  type SchemaObject,
  asSchema,
  declaredTypes,
  impliedTypes,
  isObject,
  resolveRef,
  typeOf,
  withoutAnnotations,
} from "./schema.ts";
import { areDisjoint } from "./disjoint.ts";

/** The schema needs more rules or more steps than any grammar may. */
export class TooMuch extends Error {
  override readonly name = "TooMuch";
}

/** Where a schema stands while it is compiled. */
export interface Site {
  /** JSON pointer. */
  readonly pointer: string;
  /** How often a recursive `$ref` has been entered on the way. */
  readonly recursion: number;
  readonly nesting: number;
}

const DEEPEST_RECURSION = 6;
const MOST_STEPS = 20_000;
const MOST_PATTERNS = 32;
const MOST_ALTERNATIVES = 32;

/** Keywords that no grammar here expresses. The validator checks them afterwards. */
const INEXPRESSIBLE = [
  "not",
  "if",
  "dependentRequired",
  "dependentSchemas",
  "dependencies",
  "unevaluatedProperties",
  "unevaluatedItems",
  "$dynamicRef",
  "$recursiveRef",
];

interface Alternative {
  readonly schema: SchemaObject;
  readonly recursion: number;
}

/** Compiles one schema. A rule is named by what it returns; null stands for "no value is valid". */
export class SchemaCompiler {
  readonly rules: RuleSet;
  readonly relaxed = new Set<string>();
  /** Rules that each part of the schema has cost, by its pointer. */
  readonly sizes = new Map<string, number>();
  readonly #root: Schema;
  readonly #relaxAt: ReadonlySet<string>;
  readonly #deepest: number;
  readonly #mostRules: number;
  readonly #known = new Map<object, Map<number, string | null>>();
  readonly #refs: string[] = [];
  #steps = 0;
  #patterns = 0;

  constructor(options: {
    readonly root: Schema;
    readonly rules: RuleSet;
    readonly relaxAt: ReadonlySet<string>;
    readonly nesting: number;
    readonly mostRules: number;
  }) {
    this.rules = options.rules;
    this.#root = options.root;
    this.#relaxAt = options.relaxAt;
    this.#deepest = options.nesting;
    this.#mostRules = options.mostRules;
  }

  compile(): string | null {
    return this.node(this.#root, { pointer: "", recursion: 0, nesting: 0 });
  }

  relax(site: Site, keyword: string): void {
    this.relaxed.add(`${site.pointer}/${keyword}`);
  }

  /** Expressions become automata, which takes time: only so many of them. */
  mayUsePattern(): boolean {
    this.#patterns += 1;
    return this.#patterns <= MOST_PATTERNS;
  }

  /** A part of the schema below `site`. */
  child(value: unknown, site: Site, ...path: readonly (string | number)[]): string | null {
    const tail = path.map((part) => String(part).replaceAll("~", "~0").replaceAll("/", "~1"));
    return this.node(asSchema(value), {
      pointer: [site.pointer, ...tail].join("/"),
      recursion: site.recursion,
      nesting: site.nesting + 1,
    });
  }

  node(schema: Schema, site: Site): string | null {
    if (schema === true) return ANY_VALUE;
    if (schema === false) return null;
    this.#step();
    if (this.#relaxAt.has(site.pointer) || site.nesting > this.#deepest) {
      this.relaxed.add(site.pointer);
      return anyOfTypes(declaredTypes(schema));
    }
    const known = this.#known.get(schema) ?? new Map<number, string | null>();
    this.#known.set(schema, known);
    const before = known.get(site.recursion);
    if (before !== undefined) return before;
    const cost = this.rules.cost;
    const rule = this.#compileNode(withoutAnnotations(schema), site);
    known.set(site.recursion, rule);
    this.sizes.set(site.pointer, (this.sizes.get(site.pointer) ?? 0) + this.rules.cost - cost);
    return rule;
  }

  #compileNode(schema: SchemaObject, site: Site): string | null {
    const keys = Object.keys(schema);
    const only = keys.length === 1 ? keys[0] : undefined;
    if (only === "$ref") return this.#ref(schema["$ref"], site);
    if ((only === "anyOf" || only === "oneOf") && Array.isArray(schema[only])) {
      const branches: readonly unknown[] = schema[only];
      if (only === "oneOf") this.#checkOneOf(branches, site);
      return this.#either(branches.map((branch, index) => this.child(branch, site, only, index)));
    }
    if (only === "allOf" && Array.isArray(schema[only]) && schema[only].length === 1) {
      return this.child(schema[only][0], site, only, 0);
    }
    const alternatives = this.#expand(schema, site);
    return this.#either(
      alternatives.map((alternative) => this.#flat(alternative.schema, { ...site, recursion: alternative.recursion })),
    );
  }

  #either(rules: readonly (string | null)[]): string | null {
    const names = [...new Set(rules.filter((rule) => rule !== null))];
    if (names.includes(ANY_VALUE)) return ANY_VALUE;
    return names.length <= 1 ? (names[0] ?? null) : this.rules.rule(names.join(" | "));
  }

  #ref(ref: unknown, site: Site): string | null {
    const entered = this.#enter(ref, site);
    if (entered === null) return null;
    if (entered === "unknown") return ANY_VALUE;
    const { target, recursion, name } = entered;
    this.#refs.push(name);
    const rule = this.node(target, { pointer: name.slice(1), recursion, nesting: site.nesting + 1 });
    this.#refs.pop();
    return rule;
  }

  /** Null where a recursive schema has been entered often enough: what needs it is left out. */
  #enter(ref: unknown, site: Site): { target: Schema; recursion: number; name: string } | "unknown" | null {
    const target = typeof ref === "string" ? resolveRef(this.#root, ref) : undefined;
    if (typeof ref !== "string" || target === undefined) {
      this.relax(site, "$ref");
      return "unknown";
    }
    const recursion = site.recursion + (this.#refs.includes(ref) || ref === "#" ? 1 : 0);
    return recursion > DEEPEST_RECURSION ? null : { target: asSchema(target), recursion, name: ref };
  }

  /** The schema as alternatives without `$ref`, `allOf`, `anyOf` and `oneOf`. */
  #expand(schema: SchemaObject, site: Site): readonly Alternative[] {
    this.#step();
    const { $ref, allOf, anyOf: either, oneOf, ...rest } = withoutAnnotations(schema);
    let alternatives: readonly Alternative[] = [{ schema: rest, recursion: site.recursion }];
    const join = (branches: readonly Alternative[], keyword: string): void => {
      const joined = alternatives.flatMap((left) => branches.flatMap((right) => this.#merge(left, right, site)));
      if (joined.length <= MOST_ALTERNATIVES) alternatives = joined;
      else this.relax(site, keyword);
    };
    if ($ref !== undefined) {
      const entered = this.#enter($ref, site);
      if (entered === null) return [];
      if (entered !== "unknown") {
        this.#refs.push(entered.name);
        join(this.#expandAny(entered.target, { ...site, recursion: entered.recursion }), "$ref");
        this.#refs.pop();
      }
    }
    for (const part of Array.isArray(allOf) ? allOf : []) join(this.#expandAny(asSchema(part), site), "allOf");
    for (const [keyword, branches] of [
      ["anyOf", either],
      ["oneOf", oneOf],
    ] as const) {
      if (!Array.isArray(branches)) continue;
      if (keyword === "oneOf") this.#checkOneOf(branches, site);
      join(
        branches.slice(0, MOST_ALTERNATIVES + 1).flatMap((branch) => this.#expandAny(asSchema(branch), site)),
        keyword,
      );
    }
    return alternatives;
  }

  #expandAny(schema: Schema, site: Site): readonly Alternative[] {
    if (schema === false) return [];
    if (site.nesting > this.#deepest) throw new TooMuch();
    const deeper = { ...site, nesting: site.nesting + 1 };
    return schema === true ? [{ schema: {}, recursion: site.recursion }] : this.#expand(schema, deeper);
  }

  #merge(left: Alternative, right: Alternative, site: Site): readonly Alternative[] {
    this.#step();
    const schema = mergeSchemas(left.schema, right.schema, (keyword) => this.relax(site, keyword));
    if (schema === false) return [];
    return [{ schema: isObject(schema) ? schema : {}, recursion: Math.max(left.recursion, right.recursion) }];
  }

  /** `oneOf` is `anyOf` where no value fits two branches. */
  #checkOneOf(branches: readonly unknown[], site: Site): void {
    const resolved = branches.map((branch) => {
      const schema = asSchema(branch);
      const target = isObject(schema) && typeof schema["$ref"] === "string" ? resolveRef(this.#root, schema["$ref"]) : null;
      return target === null || target === undefined ? schema : asSchema(target);
    });
    const apart = resolved.every((a, index) => resolved.slice(index + 1).every((b) => areDisjoint(a, b)));
    if (!apart) this.relax(site, "oneOf");
  }

  #flat(schema: SchemaObject, site: Site): string | null {
    for (const keyword of INEXPRESSIBLE) {
      if (Object.hasOwn(schema, keyword)) this.relax(site, keyword);
    }
    const declared = declaredTypes(schema);
    const values = allowedValues(schema);
    if (values !== null) return this.#values(values, schema, declared, site);
    const types = declared ?? impliedTypes(schema);
    if (types.size === 0) return ANY_VALUE;
    const rules = [...types].map((type) => {
      // A number may be whole.
      return type === "integer" && types.has("number") ? null : this.#typed(type, schema, site);
    });
    return this.#either(rules);
  }

  #typed(type: JsonType, schema: SchemaObject, site: Site): string | null {
    switch (type) {
      case "object":
        return objectRule(this, schema, site);
      case "array":
        return arrayRule(this, schema, site);
      case "string":
        return stringRule(this, schema, site);
      case "number":
      case "integer":
        return numberRule(this, type, schema, site);
      case "boolean":
        return "j-bool";
      case "null":
        return this.rules.rule('"null"');
      default:
        return type satisfies never;
    }
  }

  #values(values: readonly unknown[], schema: SchemaObject, types: ReadonlySet<JsonType> | null, site: Site): string | null {
    const fits = (value: unknown): boolean => {
      const type = typeOf(value);
      return types === null || types.has(type) || (type === "integer" && types.has("number"));
    };
    const isPlain = ["type", "nullable", "enum", "const"];
    if (Object.keys(schema).some((key) => !isPlain.includes(key))) this.relax(site, "enum");
    const texts = [...new Set(values.filter(fits).map((value) => JSON.stringify(value)))];
    if (texts.length === 0) return null;
    const size = texts.reduce((sum, text) => sum + text.length, 0);
    return this.rules.rule(texts.map(literal).join(" | "), Math.floor(size / 64));
  }

  #step(): void {
    this.#steps += 1;
    if (this.#steps > MOST_STEPS || this.rules.cost > this.#mostRules) throw new TooMuch();
  }
}
