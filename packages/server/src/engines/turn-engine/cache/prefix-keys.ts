import { createHash } from "node:crypto";

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
