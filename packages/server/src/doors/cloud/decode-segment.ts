/** A part of a URL's path as it was before it was encoded; null: it is no encoding of anything. */
export function decodeSegment(encoded: string): string | null {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return null;
  }
}
