const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = new Set([0x7b, 0x5b]);
const CLOSE = new Set([0x7d, 0x5d]);
const COLON = 0x3a;
const MODEL = Buffer.from('"model"');

/**
 * The body with this `model`, every other byte as it was; the very same bytes where it has it. A body without one, or whose
 * `model` could be read in two ways (twice, or in an escaped spelling), is written anew, so that nobody downstream reads another
 * than we have checked.
 */
export function withModel(bytes: Uint8Array, name: string): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const span = findModel(buffer);
  if (span === null) {
    const body = JSON.parse(buffer.toString("utf8").replace(/^\uFEFF/, "")) as Record<string, unknown>;
    return Buffer.from(JSON.stringify({ ...body, model: name }));
  }
  const value = Buffer.from(JSON.stringify(name));
  if (buffer.subarray(span.from, span.to).equals(value)) return bytes;
  return Buffer.concat([buffer.subarray(0, span.from), value, buffer.subarray(span.to)]);
}

/** Where the value of the one top-level `model` stands; null where there is not exactly one, or a key is escaped. */
function findModel(json: Buffer): { readonly from: number; readonly to: number } | null {
  let depth = 0;
  let found: { from: number; to: number } | null = null;
  // A string at depth 1 is a key if a colon follows it.
  let keyFrom = -1;
  let keyTo = -1;
  let isModelNext = false;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at] ?? 0;
    if (byte === QUOTE) {
      const end = endOfString(json, at);
      if (end < 0) return null;
      if (isModelNext && depth === 1) {
        if (found !== null) return null;
        found = { from: at, to: end };
        isModelNext = false;
      } else if (depth === 1) {
        keyFrom = at;
        keyTo = end;
      }
      at = end - 1;
    } else if (OPEN.has(byte)) depth += 1;
    else if (CLOSE.has(byte)) depth -= 1;
    else if (byte === COLON && depth === 1 && keyFrom >= 0) {
      const key = json.subarray(keyFrom, keyTo);
      if (key.includes(BACKSLASH)) return null;
      isModelNext = key.equals(MODEL);
      keyFrom = -1;
    }
  }
  return found;
}

/** The index after the closing quote; -1 where there is none. */
function endOfString(json: Buffer, from: number): number {
  for (let at = json.indexOf(QUOTE, from + 1); at >= 0; at = json.indexOf(QUOTE, at + 1)) {
    let escapes = 0;
    while (json[at - 1 - escapes] === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return at + 1;
  }
  return -1;
}
