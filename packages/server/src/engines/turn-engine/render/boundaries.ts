import type { LogicalPart } from "./logical-parts.ts";
import type { Boundary } from "./rendered-prompt.ts";

/** A run of tokens in the order of the prompt, and the logical parts that it is made of (none: the template's own). */
export interface PlacedRun {
  readonly tokenCount: number;
  readonly parts: readonly number[];
}

/**
 * Where a prefix may be cut. A template may print parts in another order than the logical one (Qwen prints the system
 * text before the tools), so a part's boundary is the first cut at or after its end with this property: what stands
 * before the cut is exactly the parts up to some rank. The tokens before a boundary then depend on these parts alone.
 */
export function placeBoundaries(runs: readonly PlacedRun[], parts: readonly LogicalPart[]): Boundary[] {
  const cuts = completeCuts(runs);
  const boundaries: Boundary[] = [];
  let cut = 0;
  parts.forEach(({ path, ttl }, rank) => {
    // A part without tokens (an empty text, a redacted thought) ends where the parts before it end.
    while (cut + 1 < cuts.length && (cuts[cut + 1]?.firstRank ?? Infinity) <= rank) cut += 1;
    const position = cuts[cut]?.position ?? 0;
    if (path !== null && position > 0) boundaries.push({ position, path, ttl });
  });
  return boundaries;
}

/** Cuts ascending; `firstRank` is the lowest rank that stands between the cut before and this one. */
function completeCuts(runs: readonly PlacedRun[]): { position: number; firstRank: number }[] {
  const owned = runs.map((run) => run.parts);
  const lowestAfter: number[] = Array.from({ length: runs.length }, () => Infinity);
  for (let index = runs.length - 2; index >= 0; index -= 1) {
    lowestAfter[index] = Math.min(lowestAfter[index + 1] ?? Infinity, ...(owned[index + 1] ?? []));
  }
  const cuts = [{ position: 0, firstRank: -1 }];
  let position = 0;
  let highest = -1;
  let lowestSinceCut = Infinity;
  runs.forEach((run, index) => {
    position += run.tokenCount;
    if (run.parts.length === 0) return;
    highest = Math.max(highest, ...run.parts);
    lowestSinceCut = Math.min(lowestSinceCut, ...run.parts);
    if ((lowestAfter[index] ?? Infinity) <= highest) return;
    cuts.push({ position, firstRank: lowestSinceCut });
    lowestSinceCut = Infinity;
  });
  return cuts;
}
