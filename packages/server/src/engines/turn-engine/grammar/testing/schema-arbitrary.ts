import fc from "fast-check";

const key = fc.constantFrom("a", "b", "ab", 'q"k', "é", "", "__proto__", "constructor");

/** Schemas as clients write them, with bounds that can be met. */
export const anySchema: fc.Arbitrary<unknown> = fc.letrec<{ schema: unknown }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar(),
    fc.record(
      {
        type: fc.constant("array"),
        items: tie("schema"),
        minItems: fc.integer({ min: 0, max: 2 }),
        maxItems: fc.integer({ min: 2, max: 5 }),
      },
      { requiredKeys: ["type", "items"] },
    ),
    fc.record(
      { type: fc.constant("array"), prefixItems: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }), items: fc.boolean() },
      { requiredKeys: ["type", "prefixItems"] },
    ),
    objectSchema(tie("schema")),
    fc.record({ anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ oneOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }) }),
    fc.tuple(objectSchema(tie("schema")), objectSchema(tie("schema"))).map(([a, b]) => ({ allOf: [a, b] })),
    fc
      .tuple(objectSchema(tie("schema")), objectSchema(tie("schema")))
      .map(([a, b]) => ({ ...a, anyOf: [b, { required: ["a"] }] })),
  ),
})).schema;

function objectSchema(value: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(
    {
      type: fc.constant("object"),
      properties: fc
        .uniqueArray(fc.tuple(key, value), { maxLength: 4, selector: ([name]) => name })
        .map((entries) => Object.fromEntries(entries)),
      required: fc.uniqueArray(key, { maxLength: 2 }),
      additionalProperties: fc.oneof(fc.boolean(), value),
      minProperties: fc.integer({ min: 0, max: 2 }),
      description: fc.string(),
    },
    { requiredKeys: ["type"] },
  );
}

function scalar(): fc.Arbitrary<unknown> {
  const low = fc.oneof(fc.integer({ min: -2000, max: 100 }), fc.integer({ min: -3, max: 3 }));
  const high = fc.oneof(fc.integer({ min: 100, max: 123_456 }), fc.integer({ min: 4, max: 6 }));
  const bounds = fc.record(
    {
      type: fc.constantFrom("integer", "number"),
      minimum: low,
      exclusiveMinimum: low,
      maximum: high,
      exclusiveMaximum: high,
    },
    { requiredKeys: ["type"] },
  );
  const pattern = fc.constantFrom(
    "^[a-z]+$",
    "foo|bar",
    "^\\d{3}-\\d{4}$",
    '[^"\\\\]',
    "^(?:a|b)*c?$",
    "^\\S+ \\w+$",
    "a.c",
    "^$",
    "^[\\u00e9-\\u4e00]{1,3}$",
    "\\.",
    "^[\\w.-]+@[\\w.-]+$",
  );
  return fc.oneof(
    fc.constantFrom<unknown>(
      {},
      true,
      { type: "boolean" },
      { type: "null" },
      { type: "string" },
      { type: ["string", "integer", "null"] },
      { type: "integer", nullable: true },
    ),
    fc.record(
      { type: fc.constant("string"), minLength: fc.integer({ min: 0, max: 5 }), maxLength: fc.integer({ min: 5, max: 200 }) },
      { requiredKeys: ["type"] },
    ),
    fc.record(
      { type: fc.constant("string"), pattern, maxLength: fc.integer({ min: 9, max: 40 }) },
      { requiredKeys: ["type", "pattern"] },
    ),
    fc.record({
      type: fc.constant("string"),
      format: fc.constantFrom("date", "time", "date-time", "uuid", "email", "uri", "ipv4", "hostname", "ipv6", "unheard-of"),
    }),
    bounds,
    fc.record({ enum: fc.array(fc.jsonValue({ maxDepth: 2 }), { minLength: 1, maxLength: 4 }) }),
    fc.record({ const: fc.jsonValue({ maxDepth: 2 }) }),
  );
}
