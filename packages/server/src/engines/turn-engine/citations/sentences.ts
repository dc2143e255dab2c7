/** A stretch of a text: from `start` up to but without `end`. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });

/** A line of a PDF or a mail that goes on in the next one is about this long. */
const WRAPPED_LINE_CHARACTERS = 50;
const NEWLINE = "\n";

/** The sentences of a text, without the white space around them. A line's end ends one, unless the line was only wrapped. */
export function splitSentences(text: string): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { segment, index } of segmenter.segment(unwrapped(text))) {
    const start = index + segment.length - segment.trimStart().length;
    const end = index + segment.trimEnd().length;
    if (end > start) stretches.push({ start, end });
  }
  return stretches;
}

/** A text in its sentences, white space and all; the last one may go on. */
export function toSentences(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** The same text, as long, with a space where a line was only wrapped. */
function unwrapped(text: string): string {
  if (!text.includes(NEWLINE)) return text;
  let lineStart = 0;
  return text.replaceAll(NEWLINE, (_newline, at: number) => {
    const line = text.slice(lineStart, at).trimEnd();
    lineStart = at + 1;
    const goesOn =
      line.length >= WRAPPED_LINE_CHARACTERS && !/[.!?:;]$/.test(line) && /^[^\s\n]/.test(text.slice(at + 1, at + 2));
    return goesOn ? " " : NEWLINE;
  });
}
