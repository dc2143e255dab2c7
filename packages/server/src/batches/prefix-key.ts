import { hash } from "node:crypto";

/** Further blocks seldom stand in more than one request. */
const BLOCKS_MAX = 4;
const HASH_CHARACTERS = 6;

type Loose = Readonly<Record<string, unknown>>;

/**
 * Requests whose prompts begin alike are neighbours in the order of this key, those with more in common nearer: what one
 * leaves in an engine's slot or in the prompt cache, the next one finds. Any value is fine that clients may send.
 */
export function prefixKey(params: Loose): string {
  const parts: unknown[] = [[params.model, params.tools, params.system, params.thinking, params.output_config]];
  for (const message of Array.isArray(params.messages) ? (params.messages as unknown[]) : []) {
    if (parts.length > BLOCKS_MAX) break;
    const content = isLoose(message) ? message.content : message;
    if (Array.isArray(content)) parts.push(...(content as unknown[]).slice(0, BLOCKS_MAX));
    else parts.push(content);
  }
  return parts
    .slice(0, BLOCKS_MAX + 1)
    .map((part) => hash("sha1", JSON.stringify(part) ?? "", "base64url").slice(0, HASH_CHARACTERS))
    .join("");
}

function isLoose(value: unknown): value is Loose {
  return typeof value === "object" && value !== null;
}
