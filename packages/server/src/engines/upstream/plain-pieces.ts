/**
 * Cuts a text so that no piece spells a special token, as vLLM always reads their spellings as those tokens. The pieces' tokens one after
 * the other are the text's, as text.
 */
export function plainPieces(text: string, spellings: Iterable<string>): readonly string[] {
  const cuts = new Set<number>();
  for (const spelling of spellings) {
    // In its middle, so that overlapping spellings are cut, too.
    const middle = Math.max(1, spelling.length >> 1);
    for (let at = text.indexOf(spelling); at >= 0; at = text.indexOf(spelling, at + 1)) cuts.add(at + middle);
  }
  if (cuts.size === 0) return [text];
  const ends = [...cuts, text.length].toSorted((a, b) => a - b);
  return ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end)).filter((piece) => piece !== "");
}
