/** How a template spaces the JSON that it prints. `indent` 0: one line. */
export interface JsonStyle {
  readonly separators: readonly [item: string, key: string];
  readonly indent: number;
}

/** Python's `json.dumps`, which nearly all templates use; the other spacings in use follow it. */
export const PYTHON_JSON: JsonStyle = { separators: [", ", ": "], indent: 0 };
export const JSON_STYLES: readonly JsonStyle[] = [
  PYTHON_JSON,
  { separators: [",", ":"], indent: 0 },
  { separators: [",", ": "], indent: 4 },
  { separators: [",", ": "], indent: 2 },
];

/** JSON in the spacing of a template's `tojson`. */
export function toJsonText(value: unknown, style: JsonStyle, depth = 0): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const [itemSeparator, keySeparator] = style.separators;
  const isArray = Array.isArray(value);
  const items = isArray
    ? value.map((item) => toJsonText(item, style, depth + 1))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => `${JSON.stringify(key)}${keySeparator}${toJsonText(item, style, depth + 1)}`);
  const [open, close] = isArray ? ["[", "]"] : ["{", "}"];
  if (style.indent === 0 || items.length === 0) return open + items.join(itemSeparator) + close;
  const outer = `\n${" ".repeat(style.indent * depth)}`;
  const inner = outer + " ".repeat(style.indent);
  return open + inner + items.join(itemSeparator + inner) + outer + close;
}

/** The same value with every object's keys in one order: clients that re-order keys must not change a prompt. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sortKeys(item)]),
  );
}
