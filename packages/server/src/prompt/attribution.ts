/**
 * Claude Code starts its system prompt with a line that says which build asks (`x-anthropic-billing-header:
 * cc_version=…; cch=…;`). It changes with the version, the conversation and even the turn, and stands before everything
 * that is worth caching. It is addressed to the server and not to the model, so the model does not see it and the cached
 * prefix does not hold it; it is recognised by its place (the very start of the system prompt) alone, and the same words
 * anywhere else stay.
 */
const ATTRIBUTION_LINE = /^x-anthropic-billing-header:[^\n]*(?:\n+|$)/;

/** The first system text without the attribution line; "" when there was nothing else. */
export function withoutAttribution(firstSystemText: string): string {
  return firstSystemText.replace(ATTRIBUTION_LINE, "");
}
