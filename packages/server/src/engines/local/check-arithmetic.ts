import type { TokenBackend } from "../backend.ts";
import type { StartBackend } from "./model-pool-types.ts";

/** A list that no training text holds. Any model that computes rightly goes on with its repetition word by word. */
const LIST = "Alma sells blue soap. Bruno paints old doors. Clara grows sour plums. Dario mends tall boots.\n";
const REPETITIONS = 6;
/**
 * Engines compute few tokens and many with other kernels: some 25 tokens are a line. Where the first prompt of a size ends, a very
 * small model may be of another mind; wrong sums spoil the second just so.
 */
const PROMPT_TOKENS = [
  [60, 46],
  [110, 90],
];
const CHECKED_TOKENS = 8;
const GREEDY = { temperature: 0, topP: 1, topK: 0 };
/** Even the smallest models have all of them right; wrong sums have none. */
const MINIMUM_RIGHT = CHECKED_TOKENS / 4;

class WrongArithmetic extends Error {
  override readonly name = "WrongArithmetic";
}

/** Starts a backend and keeps it only if it computes what its model says. Throws `WrongArithmetic`, or what `start` throws. */
export function withCheckedArithmetic(start: StartBackend): StartBackend {
  return async (request) => {
    const backend = await start(request);
    try {
      await checkArithmetic(backend, request.signal);
      return backend;
    } catch (error) {
      await backend.close();
      throw error;
    }
  };
}

/**
 * Throws `WrongArithmetic` where an engine does not compute what its model says: a miscompiled kernel gives no error, only
 * nonsense. Some 170 tokens of prefill, in slot 0, which is empty afterwards. Rejects as `decode` does.
 */
async function checkArithmetic(backend: TokenBackend, signal: AbortSignal): Promise<void> {
  const list = await backend.tokenize(LIST.repeat(REPETITIONS), { special: false });
  const { addBos, bosToken, specialTokens } = backend.model;
  const bos = addBos && bosToken !== null ? specialTokens.get(bosToken) : undefined;
  for (const sizes of PROMPT_TOKENS) {
    let wrong: WrongArithmetic | null = null;
    for (const promptTokens of sizes) {
      const tokens = [...(bos === undefined ? [] : [bos]), ...list.slice(0, promptTokens)];
      if (tokens.length + CHECKED_TOKENS > backend.model.contextTokens) return;
      const expected = list.slice(promptTokens, promptTokens + CHECKED_TOKENS);
      wrong = await findWrong(backend, tokens, expected, signal);
      if (wrong === null) break;
    }
    if (wrong !== null) throw wrong;
  }
}

async function findWrong(
  backend: TokenBackend,
  tokens: readonly number[],
  expected: readonly number[],
  signal: AbortSignal,
): Promise<WrongArithmetic | null> {
  const decoded: number[] = [];
  const request = { slot: 0, tokens, reusePrefix: false, maxTokens: CHECKED_TOKENS, sampler: GREEDY, grammar: null };
  for await (const event of backend.decode({ ...request, topLogprobs: 0 }, signal)) {
    if (event.type === "tokens") decoded.push(...event.tokens);
  }
  await backend.clearSlot(0);
  const right = expected.filter((token, index) => decoded[index] === token).length;
  if (right >= MINIMUM_RIGHT) return null;
  const [said, should] = await Promise.all([backend.detokenize(decoded), backend.detokenize(expected)]);
  return new WrongArithmetic(`it went on with ${JSON.stringify(said)} where the text says ${JSON.stringify(should)}`);
}
