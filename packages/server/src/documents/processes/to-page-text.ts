/** A run of text on a page, as pdf.js gives it; other items mark structure. */
interface TextItem {
  readonly str: string;
  readonly hasEOL: boolean;
}

/**
 * The text of a page, line by line. A word that a line's end broke is joined again, and NUL and other control characters,
 * which broken fonts give, are left out.
 */
export function toPageText(items: readonly object[]): string {
  const lines = items
    .filter((item): item is TextItem => "str" in item)
    .map(({ str, hasEOL }) => (hasEOL ? `${str}\n` : str))
    .join("");
  return (
    lines
      // oxlint-disable-next-line no-control-regex -- these are what is to go.
      .replace(/[\u{0}-\u{8}\u{b}-\u{1f}\u{7f}]/gu, "")
      .replace(/(?<=\p{Ll})[-\u{ad}\u{2010}]\n(?=\p{Ll})/gu, "")
      .replace(/[ \t\u{a0}]+/gu, " ")
      .replace(/ ?\n ?/g, "\n")
      .replace(/\n{3,}/g, "\n\n")
      .trim()
  );
}
