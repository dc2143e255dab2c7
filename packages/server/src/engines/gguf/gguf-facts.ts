/** What Parley needs to know of a GGUF file before it loads it. Plain JSON, so that it can be kept in a side file. */
export interface GgufFacts {
  readonly fileBytes: number;
  /** Bytes of the tensors; the rest is the header with the vocabulary. */
  readonly tensorBytes: number;
  readonly name: string | null;
  readonly architecture: string;
  /** As llama.cpp names it, for example "Q4_K_M"; null when the file does not say. */
  readonly quantisation: string | null;
  /** The context that the model was trained for. */
  readonly contextTokens: number;
  readonly layers: number;
  readonly embeddingSize: number;
  readonly heads: number;
  /** One entry per layer; 0 where a layer has no attention. */
  readonly kvHeads: readonly number[];
  readonly keySize: number;
  readonly valueSize: number;
  readonly vocabularySize: number;
  /** Tokens; null where every layer sees the whole context. */
  readonly slidingWindowTokens: number | null;
  /** One layer in so many sees the whole context when there is a sliding window; 0: none does. */
  readonly fullAttentionEvery: number;
  /** Bytes of recurrent state per sequence; 0 for a plain transformer. */
  readonly recurrentBytes: number;
  readonly chatTemplate: string | null;
  readonly bosToken: number | null;
  readonly eosToken: number | null;
  readonly eotToken: number | null;
  readonly addBos: boolean;
  /** Every control and user-defined token. */
  readonly specialTokens: readonly SpecialToken[];
  /** Tokens at which llama.cpp ends a generation. */
  readonly endTokens: readonly number[];
  /** Names these weights: a hash over the header's facts and over samples of the tensors. */
  readonly fingerprint: string;
}

export interface SpecialToken {
  readonly id: number;
  readonly text: string;
  readonly kind: "control" | "user-defined";
}

/** The id of a special token's spelling, as `BackendModel.specialTokens` wants it. */
export function specialTokenIds(facts: GgufFacts): ReadonlyMap<string, number> {
  return new Map(facts.specialTokens.map(({ text, id }) => [text, id]));
}

/** The spelling of a special token; null when there is no such token. */
export function specialTokenText(facts: GgufFacts, id: number | null): string | null {
  return facts.specialTokens.find((token) => token.id === id)?.text ?? null;
}
