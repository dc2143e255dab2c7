import type { BackendModel } from "../../../backend.ts";
import type { Tokenize } from "../token-memo.ts";

export interface WordTokenizer {
  readonly tokenize: Tokenize;
  /** The text, with every special token in guillemets: `«<|im_end|>»`. */
  spell(tokens: readonly number[]): string;
  /** How many texts were tokenized. */
  readonly calls: { count: number };
}

/** A tokenizer for tests: a word with the space before it, or any other character, is a token. */
export function createWordTokenizer(specialTokens: ReadonlyMap<string, number>): WordTokenizer {
  const spellings = new Map([...specialTokens].map(([spelling, token]) => [token, `«${spelling}»`]));
  const words = new Map<string, number>();
  const calls = { count: 0 };
  const ofText = (text: string): number[] =>
    (text.match(/ ?\w+|[^]/gu) ?? []).map((word) => {
      const token = words.get(word) ?? 1000 + words.size;
      words.set(word, token);
      spellings.set(token, word);
      return token;
    });
  const pattern = new RegExp(
    `(${[...specialTokens.keys()].map((spelling) => spelling.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|")})`,
    "u",
  );
  return {
    calls,
    async tokenize(text, { special }) {
      calls.count += 1;
      if (!special || specialTokens.size === 0) return ofText(text);
      return text.split(pattern).flatMap((part) => {
        const token = specialTokens.get(part);
        return token === undefined ? ofText(part) : [token];
      });
    },
    spell: (tokens) => tokens.map((token) => spellings.get(token) ?? "?").join(""),
  };
}

const SPECIAL = [
  "<s>",
  "</s>",
  "<|im_start|>",
  "<|im_end|>",
  "<|begin_of_text|>",
  "<|start_header_id|>",
  "<|end_header_id|>",
  "<|eot_id|>",
  "<|eom_id|>",
  "[INST]",
  "[/INST]",
  "[AVAILABLE_TOOLS]",
  "[/AVAILABLE_TOOLS]",
  "[TOOL_CALLS]",
  "[TOOL_RESULTS]",
  "[/TOOL_RESULTS]",
  "<bos>",
  "<start_of_turn>",
  "<end_of_turn>",
  "<|start|>",
  "<|end|>",
  "<|message|>",
  "<|channel|>",
  "<|call|>",
  "<|return|>",
  "<tool_call>",
  "</tool_call>",
  "<think>",
  "</think>",
];
const END = new Set(["</s>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>", "<|call|>", "<|return|>"]);

/** Facts of a model with this template that knows the special tokens of every family. */
export function testModel(chatTemplate: string | null, more: Partial<BackendModel> = {}): BackendModel {
  const specialTokens = new Map(SPECIAL.map((spelling, token) => [spelling, token]));
  return {
    fingerprint: "test",
    contextTokens: 100_000,
    chatTemplate,
    architecture: "llama",
    bosToken: "<s>",
    eosToken: "</s>",
    addBos: false,
    endTokens: [...specialTokens].filter(([spelling]) => END.has(spelling)).map(([, token]) => token),
    specialTokens,
    canTruncate: true,
    ...more,
  };
}
