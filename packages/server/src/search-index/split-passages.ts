/** As much as a small model reads of one result (`web_search.page_characters`), with some to spare. */
const PASSAGE_MAX_CHARACTERS = 1_200;

/** A text in passages that end where a paragraph does, or where a sentence or a word does in one that is long. */
export function splitPassages(text: string): string[] {
  const passages: string[] = [];
  let open = "";
  const close = (): void => {
    if (open.trim() !== "") passages.push(open.trim());
    open = "";
  };
  for (const paragraph of text.split(/\n\s*\n/)) {
    for (const piece of splitLong(paragraph)) {
      if (open.length + piece.length > PASSAGE_MAX_CHARACTERS) close();
      open += `${piece}\n\n`;
    }
  }
  close();
  return passages;
}

function splitLong(paragraph: string): string[] {
  const pieces: string[] = [];
  let rest = paragraph;
  while (rest.length > PASSAGE_MAX_CHARACTERS) {
    const window = rest.slice(0, PASSAGE_MAX_CHARACTERS);
    const end = [window.lastIndexOf(". ") + 1, window.lastIndexOf("\n"), window.lastIndexOf(" ")].find(
      (at) => at > PASSAGE_MAX_CHARACTERS / 2,
    );
    const cut = end ?? PASSAGE_MAX_CHARACTERS;
    pieces.push(rest.slice(0, cut));
    rest = rest.slice(cut).trimStart();
  }
  return [...pieces, rest];
}
