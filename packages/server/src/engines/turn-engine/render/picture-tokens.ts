import { createHash } from "node:crypto";
import type { Picture } from "../../../turn/turn.ts";

/** A picture has megabytes, and a turn's prompt may be rendered several times. */
const digests = new WeakMap<Picture, Buffer>();

function digestOf(picture: Picture): Buffer {
  const known = digests.get(picture);
  if (known !== undefined) return known;
  const digest = createHash("sha256").update(Buffer.from(picture.base64, "base64")).digest();
  digests.set(picture, digest);
  return digest;
}

/** The same for the same bytes. */
export function nameOfPicture(picture: Picture): string {
  return digestOf(picture).toString("base64url");
}

/**
 * What stands for a picture in a sequence of tokens: numbers below 0, which no vocabulary has, made of its bytes' hash. So two prompts
 * share a prefix where they share the pictures in it.
 */
export function pictureTokens(picture: Picture, count: number): readonly number[] {
  const digest = digestOf(picture);
  const words = digest.length / Int32Array.BYTES_PER_ELEMENT;
  return Array.from({ length: count }, (_, index) => {
    const word = digest.readInt32LE((index % words) * Int32Array.BYTES_PER_ELEMENT);
    return word < 0 ? word : -1 - word;
  });
}
