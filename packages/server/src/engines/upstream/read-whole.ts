import { upstreamFailure } from "./upstream-failure.ts";

/** A reply's body as text; throws `broken` where it is larger than anybody asked for. */
export async function readWhole(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > maxBytes) throw upstreamFailure("broken", `a reply of more than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts, bytes).toString("utf8");
}

/** The value of a JSON text; undefined where it is none. */
export function parseJsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
