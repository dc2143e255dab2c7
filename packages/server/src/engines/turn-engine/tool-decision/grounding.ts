/** Where a call has no values to judge by. */
const UNKNOWN = 0.5;

/**
 * Share (0 to 1) of a call's values that occur in the request. A number counts where it is written there, also as a
 * share of a hundred; a string where half of its words are. Booleans and null say nothing.
 */
export function grounding(input: unknown, request: string): number {
  const text = request.toLowerCase();
  const words = new Set(wordsOf(text));
  const numbers = (text.match(/\d[\d,]*(?:\.\d+)?/g) ?? []).map((written) => Number(written.replaceAll(",", "")));
  const leaves = [...leavesOf(input)];
  if (leaves.length === 0) return UNKNOWN;
  const grounded = leaves.filter((leaf) => {
    if (typeof leaf === "number")
      return numbers.some((each) => near(each, leaf) || near(each, leaf * 100) || near(each, leaf / 100));
    const own = wordsOf(leaf.toLowerCase());
    return own.length > 0 && own.filter((word) => words.has(word)).length * 2 >= own.length;
  });
  return grounded.length / leaves.length;
}

function wordsOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? [];
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= Math.abs(b) * 1e-9;
}

function* leavesOf(value: unknown): Generator<string | number, void, void> {
  if (typeof value === "string" || typeof value === "number") yield value;
  else if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) yield* leavesOf(inner);
  }
}
