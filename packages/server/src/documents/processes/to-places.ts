import type { Page, Word } from "tesseract.js";
import type { PlacedText } from "./ocr-messages.ts";

/** What a screen's icons and frames are taken for is below it. */
const CONFIDENCE_MIN = 35;
/** Between two words, in heights of their line: more than this is another button or column. */
const GAP_MAX_HEIGHTS = 1;

/** The texts of a screen: a line is cut where its words stand apart, since each part may be something to click. */
export function toPlaces({ blocks }: Pick<Page, "blocks">): PlacedText[] {
  const lines = (blocks ?? []).flatMap(({ paragraphs }) => paragraphs.flatMap((paragraph) => paragraph.lines));
  return lines.flatMap(({ words }) => {
    const kept = words.filter(({ text, confidence }) => confidence >= CONFIDENCE_MIN && /[\p{L}\p{N}]/u.test(text));
    const parts: Word[][] = [];
    for (const word of kept) {
      const last = parts.at(-1);
      const previous = last?.at(-1);
      const height = word.bbox.y1 - word.bbox.y0;
      if (last && previous && word.bbox.x0 - previous.bbox.x1 <= GAP_MAX_HEIGHTS * height) last.push(word);
      else parts.push([word]);
    }
    return parts.map(toPlace);
  });
}

function toPlace(words: readonly Word[]): PlacedText {
  const boxes = words.map(({ bbox }) => bbox);
  const middle = (from: readonly number[], to: readonly number[]): number =>
    Math.round((Math.min(...from) + Math.max(...to)) / 2);
  return {
    x: middle(
      boxes.map(({ x0 }) => x0),
      boxes.map(({ x1 }) => x1),
    ),
    y: middle(
      boxes.map(({ y0 }) => y0),
      boxes.map(({ y1 }) => y1),
    ),
    text: words.map(({ text }) => text).join(" "),
  };
}
