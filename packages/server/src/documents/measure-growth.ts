import type { CountTokensRequest } from "@parley/wire";
import { findMedia } from "./find-media.ts";
import type { ReadMedia } from "./read-media.ts";

/** As much text as the 1,600 tokens that a picture takes at most on the platform. */
const SEEN_BYTES = 6_400;

/**
 * How many bytes longer what the model reads is than the request's body; mostly it is shorter. Tokens are reserved by size
 * before a turn: a PDF in base64 would hold a hundred times what its text comes to, and the name of a file next to nothing.
 */
export function measureGrowth(
  request: Pick<CountTokensRequest, "messages">,
  { pages, pictures, seen }: ReadMedia,
  /** Sources whose content the body only names. */
  named: { has(source: object): boolean },
): number {
  let bytes = 0;
  for (const { block } of findMedia(request)) {
    const { source } = block;
    const texts = pages.get(source) ?? [pictures.get(source) ?? ""];
    for (const text of texts) bytes += Buffer.byteLength(text);
    if (seen?.has(source)) bytes += SEEN_BYTES;
    if (source.type === "text" && named.has(source)) bytes += Buffer.byteLength(source.data);
    if (source.type === "base64" && !named.has(source)) bytes -= source.data.length;
  }
  return bytes;
}
