import { DetokenizeReply, TokenizeReply } from "./api.ts";
import type { EngineSocket } from "./engine-socket.ts";

const CHUNK_TOKENS = 512;
const AT_ONCE = 8;
/** How special tokens are spelled: `<|im_end|>`, `</s>`, `<｜begin▁of▁sentence｜>`, `[INST]`. */
const SPELLING = /<[^<>\s]{1,80}>|\[[A-Z][A-Z0-9_/]{0,40}\]|\[\/[A-Z]{1,40}\]/gu;

/**
 * The spellings of special tokens, with their ids, of an engine whose file is on another machine: all of the vocabulary is spelled out,
 * and what looks like a special token is asked for. A control token is one that is only found where special tokens are read; a
 * user-defined one is found in the middle of other letters, too.
 */
export async function readSpecialTokens(
  call: EngineSocket["call"],
  vocabularySize: number,
): Promise<ReadonlyMap<string, number>> {
  const tokenize = async (content: string, special: boolean): Promise<readonly number[]> => {
    const body = { content, add_special: false, parse_special: special };
    return (await call("/tokenize", TokenizeReply, { body })).tokens;
  };
  const candidates = new Set<string>();
  const chunks = Array.from({ length: Math.ceil(vocabularySize / CHUNK_TOKENS) }, (_, index) => index * CHUNK_TOKENS);
  await inTurns(chunks, async (from) => {
    const tokens = Array.from({ length: Math.min(CHUNK_TOKENS, vocabularySize - from) }, (_, index) => from + index);
    const { content } = await call("/detokenize", DetokenizeReply, { body: { tokens } });
    for (const [spelling] of content.matchAll(SPELLING)) candidates.add(spelling);
  });
  const special = new Map<string, number>();
  await inTurns([...candidates], async (spelling) => {
    const [id, ...more] = await tokenize(spelling, true);
    if (id === undefined || more.length > 0) return;
    const plain = await tokenize(spelling, false);
    const isControl = plain.length !== 1 || plain[0] !== id;
    if (isControl || (await tokenize(`x${spelling}x`, false)).includes(id)) special.set(spelling, id);
  });
  return new Map([...special].toSorted(([, one], [, other]) => one - other));
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of rest) await work(item);
    }),
  );
}
