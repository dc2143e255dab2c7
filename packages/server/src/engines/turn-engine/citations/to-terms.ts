const words = new Intl.Segmenter("en", { granularity: "word" });

/** Words that say nothing by themselves. */
const STOP_WORDS = new Set(
  (
    "a about after all also an and any are as at be because been before but by can could did do does for from had has have he her " +
    "him his how i if in into is it its may me more most my no nor not of on one only or other our out over said she should so some " +
    "such than that the their them then there these they this those to too under until up very was we were what when where which " +
    "while who whom why will with would yes you your according document page text answer question states mentions stated mentioned"
  ).split(" "),
);

/** The words and numbers that carry what a text says, in one form: no case, no accents, no plural. */
export function toTerms(text: string): string[] {
  const terms: string[] = [];
  for (const { segment, isWordLike } of words.segment(text)) {
    if (!isWordLike) continue;
    const word = segment
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .toLowerCase()
      .replace(/['’]s$/, "");
    if (!STOP_WORDS.has(word)) terms.push(/^\d/.test(word) ? word.replace(/[,.](?=\d{3}\b)/g, "") : stem(word));
  }
  return terms;
}

/** Enough for "founded" to meet "founding" and "prices" "price"; a wrong meeting of two words is outvoted by the others. */
function stem(word: string): string {
  if (word.length < 5) return word.replace(/(?<=\w{3})s$/, "");
  return word.replace(/(?:ing|ed|es|s|e|ly)$/, "");
}
