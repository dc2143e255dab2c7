/** Okapi BM25 with its usual constants: how soon a repeated word stops counting, and how much a long text is held back. */
const SATURATION = 1.2;
const LENGTH_WEIGHT = 0.75;
/** Of all texts together, each cut to its share: a tenth of a second, in which the server does nothing else. */
const READ_MAX_CHARACTERS = 1_000_000;

/** The items whose texts share words with the query, the best first. */
export function rankByWords<Item>(items: readonly Item[], query: string, textOf: (item: Item) => string): Item[] {
  const share = Math.floor(READ_MAX_CHARACTERS / Math.max(items.length, 1));
  const documents = items.map((item) => {
    const words = toWords(textOf(item).slice(0, share));
    const counts = new Map<string, number>();
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    return { item, length: words.length, counts };
  });
  const averageLength = documents.reduce((sum, { length }) => sum + length, 0) / Math.max(documents.length, 1);
  const asked = [...new Set(toWords(query))].map((word) => {
    const holding = documents.filter(({ counts }) => counts.has(word)).length;
    return { word, weight: Math.log(1 + (documents.length - holding + 0.5) / (holding + 0.5)) };
  });
  return documents
    .map(({ item, length, counts }) => {
      const held = SATURATION * (1 - LENGTH_WEIGHT + (LENGTH_WEIGHT * length) / averageLength);
      const score = asked.reduce((sum, { word, weight }) => {
        const count = counts.get(word) ?? 0;
        return sum + (weight * count * (SATURATION + 1)) / (count + held);
      }, 0);
      return { item, score };
    })
    .filter(({ score }) => score > 0)
    .sort((one, other) => other.score - one.score)
    .map(({ item }) => item);
}

/** `getWeather_forecasts` is read as get, weather, forecast: names of tools are seldom whole words. */
function toWords(text: string): string[] {
  return text
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "")
    .map((word) => (word.length > 3 && word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word));
}
