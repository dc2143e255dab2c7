import { createHash } from "node:crypto";

/** Between breakpoints a prefix is named each so many tokens, so that what two prompts share beyond a breakpoint can be found. */
const WAYPOINT_TOKENS = 256;

/** Lengths below `tokens` at which a prefix is named whether or not a breakpoint stands there, ascending. */
export const waypoints = (tokens: number): number[] =>
  Array.from({ length: Math.floor(tokens / WAYPOINT_TOKENS) }, (_, index) => (index + 1) * WAYPOINT_TOKENS);

/**
 * Names every prefix of a token sequence that ends at one of `positions`: a hash of the workspace, the model's
 * fingerprint and the tokens, in one pass. The salt keeps one workspace from finding (or timing) another's prefixes.
 */
export function prefixKeys(
  salt: { readonly workspaceId: string; readonly fingerprint: string },
  tokens: readonly number[],
  positions: readonly number[],
): ReadonlyMap<number, string> {
  const bytes = new Uint8Array(Int32Array.from(tokens).buffer);
  const hash = createHash("sha256").update(JSON.stringify([salt.workspaceId, salt.fingerprint]));
  const keys = new Map<number, string>();
  let hashed = 0;
  for (const position of [...new Set(positions)].toSorted((a, b) => a - b)) {
    hash.update(bytes.subarray(hashed * 4, position * 4));
    hashed = position;
    keys.set(position, hash.copy().digest("base64url"));
  }
  return keys;
}
