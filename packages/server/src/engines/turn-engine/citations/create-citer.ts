import type { Turn } from "../../../turn/turn.ts";
import { listPassages, type Passage } from "./list-passages.ts";
import { toTerms } from "./to-terms.ts";

/** Finds the passages of the turn's documents that a sentence of the reply rests on. */
export interface Citer {
  /** Best first; empty where none says what the sentence says. */
  find(sentence: string): readonly Passage[];
}

/** Share of what a sentence says, by the weight of its words, that has to stand in the passage. */
const LEAST_SHARE = 0.5;
/** A passage that is nearly as good as the best one may be the one that is meant. */
const NEARLY = 0.85;
/** A number of the reply that a passage does not have is a sign against it. */
const MISSING_NUMBER = 0.4;
const CANDIDATES_MAX = 4;

/** Null where the turn has nothing to cite. */
export function createCiter(turn: Pick<Turn, "messages">): Citer | null {
  const passages = listPassages(turn).map((passage) => ({ passage, terms: new Set(toTerms(passage.text)) }));
  if (passages.length === 0) return null;
  const holders = new Map<string, number>();
  for (const { terms } of passages) for (const term of terms) holders.set(term, (holders.get(term) ?? 0) + 1);
  // A word that few passages have says more than one that all have; a word that none has counts against all.
  const weightOf = (term: string): number => Math.log(1 + passages.length / (holders.get(term) ?? 0.5));

  return {
    find(sentence) {
      const terms = [...new Set(toTerms(sentence))];
      const whole = terms.reduce((sum, term) => sum + weightOf(term), 0);
      const scored = passages.flatMap(({ passage, terms: held }) => {
        const shared = terms.filter((term) => held.has(term));
        if (!says(shared, holders)) return [];
        const missesNumber = terms.some((term) => /^\d/.test(term) && !held.has(term));
        const share = shared.reduce((sum, term) => sum + weightOf(term), 0) / whole;
        const score = share * (missesNumber ? MISSING_NUMBER : 1);
        return score >= LEAST_SHARE ? [{ passage, score }] : [];
      });
      const best = Math.max(...scored.map(({ score }) => score));
      return scored
        .filter(({ score }) => score >= best * NEARLY)
        .toSorted((a, b) => b.score - a.score)
        .slice(0, CANDIDATES_MAX)
        .map(({ passage }) => passage);
    },
  };
}

/** One common word is no evidence: two are, or a number, or a word that stands in a single passage. */
function says(shared: readonly string[], holders: ReadonlyMap<string, number>): boolean {
  return shared.length > 1 || shared.some((term) => /^\d/.test(term) || holders.get(term) === 1);
}
