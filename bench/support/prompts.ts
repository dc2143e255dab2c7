/** Text that no cache has seen before: `seed` decides every word, the first ones included. */
export interface Prompt {
  readonly system: string;
  readonly user: string;
  /** How the reply begins. */
  readonly opening?: string;
}

const WORDS =
  "river stone window market letter garden winter bridge captain silver harbor forest engine morning shadow copper island lantern village meadow thunder journey compass orchard whisper mountain kitchen ribbon castle feather valley basket".split(
    " ",
  );
/** Words and commas of `seededText` per token, near enough for the tokenizers at hand; the real count is measured. */
const TOKENS_PER_WORD = 1.1;

/** About `tokens` tokens of words in an order that `seed` decides. */
export function seededText(seed: number, tokens: number): string {
  // Mulberry32: any small generator that differs from its first number on would do.
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const words = Array.from({ length: Math.max(4, Math.round(tokens / TOKENS_PER_WORD)) }, () => WORDS[next() % WORDS.length]);
  return words.map((word, index) => (index % 12 === 11 ? `${word}.` : word)).join(" ");
}

/** A short prompt whose reply goes on for longer than anybody waits: a story is refused or ended by some models, counting is not. */
export function countingPrompt(seed: number): Prompt {
  return {
    system: `${seededText(seed, 16)}. You count.`,
    user: "Write the numbers from one to one thousand in words, with commas between them.",
    opening: "One, two, three, four, five, six, seven, eight, nine, ten,",
  };
}

/** A prompt of about `tokens` tokens. */
export function longPrompt(seed: number, tokens: number): Prompt {
  return { system: "You are a careful reader.", user: `${seededText(seed, tokens)}\n\nWhat is this text about?` };
}

/** What the Messages API takes of it. */
export function toMessages({ user, opening }: Prompt): readonly object[] {
  return [{ role: "user", content: user }, ...(opening === undefined ? [] : [{ role: "assistant", content: opening }])];
}

/** The prompt as Parley renders it for the models of these benchmarks (Qwen2.5 and SmolLM2 both use ChatML). */
export function toChatMl({ system, user, opening = "" }: Prompt): string {
  return `<|im_start|>system\n${system}<|im_end|>\n<|im_start|>user\n${user}<|im_end|>\n<|im_start|>assistant\n${opening}`;
}
