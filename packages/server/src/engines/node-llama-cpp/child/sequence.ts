import type { NativeContext } from "./addon.ts";

/** A slot's KV cells, and the tokens whose state they hold. */
export interface Sequence {
  readonly id: number;
  readonly length: number;
  /** Keeps the longest prefix of `tokens` that is resident, at most `limit` tokens, and drops the rest. Returns its length. */
  keepPrefix(tokens: Uint32Array, limit: number): number;
  /** Records tokens that a batch has computed. */
  append(tokens: Uint32Array): void;
  clear(): void;
  save(file: string): Promise<{ readonly tokens: number; readonly bytes: number }>;
  /** False, and an empty sequence, when the file holds no state for this context. */
  restore(file: string): Promise<boolean>;
}

export function createSequence(
  context: NativeContext,
  options: { readonly id: number; readonly contextTokens: number; readonly canTruncate: boolean },
): Sequence {
  const { id, contextTokens, canTruncate } = options;
  const resident = new Uint32Array(contextTokens);
  let length = 0;
  const clear = () => {
    if (length > 0) context.disposeSequence(id);
    length = 0;
  };
  return {
    id,
    get length() {
      return length;
    },
    keepPrefix: (tokens, limit) => {
      const most = Math.min(length, tokens.length, limit);
      let common = 0;
      while (common < most && resident[common] === tokens[common]) common++;
      if (common === length) return common;
      if (common === 0 || !canTruncate || !context.removeTokenCellsFromSequence(id, common, -1)) clear();
      else length = common;
      return length;
    },
    append: (tokens) => {
      resident.set(tokens, length);
      length += tokens.length;
    },
    clear,
    save: async (file) => {
      const bytes = await context.saveSequenceStateToFile(file, id, resident.slice(0, length));
      return { tokens: length, bytes };
    },
    restore: async (file) => {
      clear();
      try {
        const tokens = await context.loadSequenceStateFromFile(file, id, contextTokens);
        if (context.getSequenceKvCacheMaxPosition(id) + 1 === tokens.length) {
          resident.set(tokens);
          length = tokens.length;
          return true;
        }
      } catch {
        // llama.cpp has said why on stderr; a part of the file may have been read, so the cells are dropped below.
      }
      context.disposeSequence(id);
      return false;
    },
  };
}
