import { JsonCursor, splitUnits } from "./json-cursor.ts";

/**
 * The text that ends a JSON value which was cut inside a string value, where a stop sequence matched. Also ends one cut
 * elsewhere, with `null` for a value that is missing.
 */
export function closeJson(partialJson: string): string {
  const cursor = new JsonCursor();
  for (const unit of splitUnits(partialJson)) cursor.push(unit);
  const tail = [...cursor.open]
    .toReversed()
    .map((bracket) => (bracket === "{" ? "}" : "]"))
    .join("");
  switch (cursor.place) {
    case "value-string":
    case "key-string": {
      const string = `${closeEscape(cursor.escape)}"`;
      return cursor.place === "key-string" ? `${string}:null${tail}` : string + tail;
    }
    case "colon":
      return `:null${tail}`;
    case "value":
      return partialJson.trimEnd().endsWith("[") ? tail : `null${tail}`;
    case "key":
      return partialJson.trimEnd().endsWith(",") ? `"":null${tail}` : tail;
    case "scalar":
      return closeScalar(partialJson, tail);
    case "after":
    case "done":
      return tail;
    default:
      return cursor.place satisfies never;
  }
}

function closeEscape(escape: string): string {
  if (escape === "") return "";
  return escape === "\\" ? "\\" : "0".repeat(6 - escape.length);
}

function closeScalar(partialJson: string, tail: string): string {
  const word = /[\w+.-]+$/u.exec(partialJson)?.[0] ?? "";
  for (const whole of ["true", "false", "null"]) {
    if (whole.startsWith(word)) return whole.slice(word.length) + tail;
  }
  if (/^-?\d/u.test(word)) return (/\d$/u.test(word) ? "" : "0") + tail;
  return `0${tail}`;
}
