import { END_SPELLINGS } from "./end-spellings.ts";
import type { GgufFacts, SpecialToken } from "./gguf-facts.ts";

export interface GgufHeader {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly tensorDataOffset: number;
}

/** How often a layer sees the whole context, where the file does not say (llama-model.cpp, by architecture). */
const FULL_ATTENTION_EVERY: Readonly<Record<string, number>> = {
  gemma2: 2,
  gemma3: 6,
  gemma3n: 5,
  gemma4: 6,
  "gpt-oss": 2,
  cohere2: 4,
  llama4: 4,
  exaone4: 4,
  olmo2: 4,
};

const CONTROL = 3;
const USER_DEFINED = 4;

/** llama_ftype of llama.h, for display. */
const FILE_TYPES: Readonly<Record<number, string>> = {
  0: "F32",
  1: "F16",
  2: "Q4_0",
  3: "Q4_1",
  7: "Q8_0",
  8: "Q5_0",
  9: "Q5_1",
  10: "Q2_K",
  11: "Q3_K_S",
  12: "Q3_K_M",
  13: "Q3_K_L",
  14: "Q4_K_S",
  15: "Q4_K_M",
  16: "Q5_K_S",
  17: "Q5_K_M",
  18: "Q6_K",
  19: "IQ2_XXS",
  20: "IQ2_XS",
  21: "Q2_K_S",
  22: "IQ3_XS",
  23: "IQ3_XXS",
  24: "IQ1_S",
  25: "IQ4_NL",
  26: "IQ3_S",
  27: "IQ3_M",
  28: "IQ2_S",
  29: "IQ2_M",
  30: "IQ4_XS",
  31: "IQ1_M",
  32: "BF16",
  36: "TQ1_0",
  37: "TQ2_0",
  38: "MXFP4_MOE",
};

/** Facts from a parsed header. Throws an Error that names the key when the file is no language model. */
export function parseGguf(header: GgufHeader, fileBytes: number, fingerprint: string): GgufFacts {
  const { metadata } = header;
  const text = (key: string) => (typeof metadata[key] === "string" ? metadata[key] : null);
  const number = (key: string) => toNumber(metadata[key]);
  const architecture = text("general.architecture");
  if (architecture === null) throw new Error("the file has no general.architecture: it is no GGUF of a model");
  const own = (key: string) => number(`${architecture}.${key}`);
  const required = (key: string): number => {
    const value = own(key);
    if (value === null) throw new Error(`the file has no ${architecture}.${key}: it is no language model that can be served`);
    return value;
  };

  const layers = required("block_count");
  const embeddingSize = required("embedding_length");
  const heads = maximum(metadata[`${architecture}.attention.head_count`]) ?? 0;
  const headSize = heads > 0 ? Math.floor(embeddingSize / heads) : 0;
  const kvHeads = perLayer(metadata[`${architecture}.attention.head_count_kv`], layers, heads);
  const tokens = metadata["tokenizer.ggml.tokens"];
  const types = metadata["tokenizer.ggml.token_type"];
  const spellings = Array.isArray(tokens) ? tokens : [];
  const special = readSpecialTokens(spellings, Array.isArray(types) ? types : []);
  const bosToken = number("tokenizer.ggml.bos_token_id");
  const eosToken = number("tokenizer.ggml.eos_token_id");
  const eotToken = number("tokenizer.ggml.eot_token_id");
  const named = [eosToken, eotToken, number("tokenizer.ggml.eom_token_id")].filter((id) => id !== null);
  const spelled = special.filter((token) => END_SPELLINGS.has(token.text)).map((token) => token.id);
  const fileType = number("general.file_type");
  const window = own("attention.sliding_window");
  return {
    fileBytes,
    tensorBytes: Math.max(0, fileBytes - header.tensorDataOffset),
    name: text("general.name"),
    architecture,
    quantisation: fileType === null ? null : (FILE_TYPES[fileType] ?? null),
    contextTokens: required("context_length"),
    layers,
    embeddingSize,
    heads,
    kvHeads,
    keySize: own("attention.key_length") ?? headSize,
    valueSize: own("attention.value_length") ?? headSize,
    vocabularySize: spellings.length || (own("vocab_size") ?? 0),
    slidingWindowTokens: window === null || window === 0 ? null : window,
    fullAttentionEvery: own("attention.sliding_window_pattern") ?? FULL_ATTENTION_EVERY[architecture] ?? 1,
    recurrentBytes: recurrentBytes(own, layers, kvHeads),
    chatTemplate: text("tokenizer.chat_template"),
    bosToken,
    eosToken,
    eotToken,
    // llama.cpp's own rule: SentencePiece vocabularies want BOS unless the file says no.
    addBos:
      metadata["tokenizer.ggml.add_bos_token"] === undefined
        ? text("tokenizer.ggml.model") === "llama"
        : metadata["tokenizer.ggml.add_bos_token"] === true,
    specialTokens: special,
    endTokens: [...new Set([...named, ...spelled])].toSorted((a, b) => a - b),
    fingerprint,
  };
}

function readSpecialTokens(spellings: readonly unknown[], types: readonly unknown[]): SpecialToken[] {
  const special: SpecialToken[] = [];
  for (const [id, type] of types.entries()) {
    const text = spellings[id];
    if ((type !== CONTROL && type !== USER_DEFINED) || typeof text !== "string" || text === "") continue;
    special.push({ id, text, kind: type === CONTROL ? "control" : "user-defined" });
  }
  return special;
}

/** Mamba-like state: convolution and scan state of the layers without attention, 32-bit floats. */
function recurrentBytes(own: (key: string) => number | null, layers: number, kvHeads: readonly number[]): number {
  const stateSize = own("ssm.state_size");
  const innerSize = own("ssm.inner_size");
  if (stateSize === null || innerSize === null) return 0;
  const attention = kvHeads.filter((heads) => heads > 0).length;
  const recurrentLayers = attention === layers ? layers : layers - attention;
  const convolution = ((own("ssm.conv_kernel") ?? 4) - 1) * (innerSize + 2 * (own("ssm.group_count") ?? 0) * stateSize);
  return recurrentLayers * (convolution + innerSize * stateSize) * 4;
}

function toNumber(value: unknown): number | null {
  if (typeof value === "number") return value;
  return typeof value === "bigint" ? Number(value) : null;
}

function maximum(value: unknown): number | null {
  return Array.isArray(value) ? Math.max(...value.map((item) => toNumber(item) ?? 0)) : toNumber(value);
}

function perLayer(value: unknown, layers: number, fallback: number): number[] {
  if (Array.isArray(value)) return value.map((item) => toNumber(item) ?? 0);
  return Array.from({ length: layers }, () => toNumber(value) ?? fallback);
}
