export interface Tokenizer {
  readonly tokenize: (texts: readonly string[]) => Promise<readonly (readonly number[])[]>;
  readonly detokenize: (lists: readonly (readonly number[])[], skipSpecial: boolean) => Promise<readonly string[]>;
}

const CHUNK_TOKENS = 1_024;
const CHUNKS_MAX = 1_024;
/** How tokens that a tokenizer was given beside its vocabulary are spelled: `<tool_call>`, `<｜User｜>`, `[INST]`. */
const SPELLING = /<[^<>\s]{1,80}>|\[[A-Z][A-Z0-9_/]{0,40}\]|\[\/[A-Z]{1,40}\]/gu;

/**
 * The spellings of special tokens, with their ids, of an engine that does not list them: all of the vocabulary is spelled out, with and
 * without special tokens. Control tokens are what the one text has more than the other; what else looks like a special token is one where
 * it is found in the middle of other letters, too.
 */
export async function readSpecialTokens({ tokenize, detokenize }: Tokenizer): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  const candidates = new Set<string>();
  for (let chunk = 0; chunk < CHUNKS_MAX; chunk += 1) {
    const ids = Array.from({ length: CHUNK_TOKENS }, (_, index) => chunk * CHUNK_TOKENS + index);
    const [all = ""] = await detokenize([ids], false);
    // Ids behind the vocabulary's end have no text.
    if (all === "") break;
    for (const [spelling] of all.matchAll(SPELLING)) candidates.add(spelling);
    const [plain = ""] = await detokenize([ids], true);
    if (plain === all) continue;
    const each = ids.map((id) => [id]);
    const [spelled, skipped] = [await detokenize(each, false), await detokenize(each, true)];
    for (const [index, text] of spelled.entries()) if (text !== "" && skipped[index] === "") found.set(text, ids[index] ?? 0);
  }
  const others = [...candidates].filter((spelling) => !found.has(spelling));
  const [alone, within] = [await tokenize(others), await tokenize(others.map((spelling) => `x${spelling}x`))];
  for (const [index, spelling] of others.entries()) {
    const [id, ...more] = alone[index] ?? [];
    if (id !== undefined && more.length === 0 && within[index]?.includes(id)) found.set(spelling, id);
  }
  return new Map([...found].toSorted(([, one], [, other]) => one - other));
}
