import { describe, expect, test } from "vitest";
import { parseGguf } from "./parse-gguf.ts";

const qwen = {
  "general.architecture": "qwen2",
  "general.name": "Tiny",
  "general.file_type": 15,
  "qwen2.block_count": 24,
  "qwen2.context_length": 32768,
  "qwen2.embedding_length": 896,
  "qwen2.attention.head_count": 14,
  "qwen2.attention.head_count_kv": 2,
  "tokenizer.ggml.model": "gpt2",
  "tokenizer.ggml.tokens": ["a", "<|endoftext|>", "<|im_end|>", "<tool_call>", "[PAD4]"],
  "tokenizer.ggml.token_type": [1, 3, 3, 4, 5],
  "tokenizer.ggml.bos_token_id": 1,
  "tokenizer.ggml.eos_token_id": 2,
  "tokenizer.ggml.add_bos_token": false,
  "tokenizer.chat_template": "{{ messages }}",
};
const parse = (metadata: Record<string, unknown>) => parseGguf({ metadata, tensorDataOffset: 1000 }, 9000, "f");

describe("facts of a GGUF file", () => {
  test("are read from its metadata", () => {
    expect(parse(qwen)).toEqual({
      fileBytes: 9000,
      tensorBytes: 8000,
      name: "Tiny",
      architecture: "qwen2",
      quantisation: "Q4_K_M",
      contextTokens: 32768,
      layers: 24,
      embeddingSize: 896,
      heads: 14,
      kvHeads: Array.from({ length: 24 }, () => 2),
      keySize: 64,
      valueSize: 64,
      vocabularySize: 5,
      slidingWindowTokens: null,
      fullAttentionEvery: 1,
      recurrentBytes: 0,
      chatTemplate: "{{ messages }}",
      bosToken: 1,
      eosToken: 2,
      eotToken: null,
      addBos: false,
      specialTokens: [
        { id: 1, text: "<|endoftext|>", kind: "control" },
        { id: 2, text: "<|im_end|>", kind: "control" },
        { id: 3, text: "<tool_call>", kind: "user-defined" },
      ],
      endTokens: [1, 2],
      fingerprint: "f",
    });
  });

  test("a SentencePiece vocabulary wants BOS unless the file says no", () => {
    const { "tokenizer.ggml.add_bos_token": _, ...silent } = { ...qwen, "tokenizer.ggml.model": "llama" };
    expect(parse(silent).addBos).toBe(true);
    expect(parse({ ...silent, "tokenizer.ggml.model": "gpt2" }).addBos).toBe(false);
  });

  test("numbers of 64 bits and heads per layer are understood", () => {
    const facts = parse({ ...qwen, "qwen2.block_count": 2n, "qwen2.attention.head_count_kv": [8, 0] });
    expect(facts).toMatchObject({ layers: 2, kvHeads: [8, 0] });
  });

  test("a missing key is named", () => {
    expect(() => parse({ ...qwen, "qwen2.block_count": undefined })).toThrow(/qwen2\.block_count/);
    expect(() => parse({})).toThrow(/general\.architecture/);
  });
});
