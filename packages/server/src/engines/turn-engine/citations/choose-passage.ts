import { GrammarRejected } from "../../backend.ts";
import type { ReplyState } from "../reply-state.ts";
import { literal } from "../grammar/gbnf.ts";
import { GREEDY } from "../samplers.ts";
import type { Passage } from "./list-passages.ts";

/** A passage is known by its beginning long before it is written out. */
const PASSAGE_TOKENS_MAX = 48;
const PASSAGE_CHARACTERS_MAX = 160;
const NONE = "none of these";

/**
 * Asks the model which of several passages a sentence of its reply rests on: it writes one of them, and the grammar lets it
 * write nothing else. What it writes here is no part of the reply and is taken back. The first where it cannot be asked.
 */
export async function choosePassage(
  state: ReplyState,
  sentence: string,
  candidates: readonly Passage[],
): Promise<Passage | null> {
  const [best = null] = candidates;
  const { decoder, backend } = state;
  if (!backend.model.canTruncate) return best;
  const options = [...candidates.map((passage) => ({ passage, spelling: spell(passage) })), { passage: null, spelling: NONE }];
  const question = `\n\n(Source of "${sentence.trim()}": "`;
  const tokens = await backend.tokenize(question, { special: false });
  if (decoder.remainingTokens < tokens.length + PASSAGE_TOKENS_MAX) return best;
  const start = decoder.log.text.length;
  await decoder.inject(question, tokens);
  const asked = decoder.log.text.length;
  const decode = decoder.decode({ grammar: toGrammar(options), sampler: GREEDY, maxTokens: PASSAGE_TOKENS_MAX });
  try {
    for await (const _step of decode) {
      const written = decoder.log.text.slice(asked);
      const left = options.filter(({ spelling }) => spelling.startsWith(written) || written.startsWith(spelling));
      if (left.length <= 1) return left[0] ? left[0].passage : best;
    }
    const written = decoder.log.text.slice(asked);
    return options.find(({ spelling }) => spelling.startsWith(written))?.passage ?? best;
  } catch (error) {
    if (error instanceof GrammarRejected) return best;
    throw error;
  } finally {
    await decode.return("end-token");
    decoder.log.rewindTo(start);
  }
}

/** On one line, and not longer than it takes to know it. */
function spell({ text }: Passage): string {
  return text.replace(/\s+/g, " ").trim().slice(0, PASSAGE_CHARACTERS_MAX);
}

function toGrammar(options: readonly { readonly spelling: string }[]): string {
  const spellings = [...new Set(options.map(({ spelling }) => spelling))];
  return `root ::= ${spellings.map((spelling) => literal(spelling)).join(" | ")}`;
}
