import { createHash } from "node:crypto";
import type { z } from "zod";
import type { BackendModel } from "../backend.ts";
import { END_SPELLINGS } from "../gguf/end-spellings.ts";
import { type JsonClient, UpstreamRefused } from "../upstream/json-client.ts";
import { newSalt } from "../upstream/new-salt.ts";
import { DetokenizeReply, GenerateChunk, Generated, ModelInfoReply, ServerInfoReply, TokenizeReply } from "./api.ts";
import { readSpecialTokens, type Tokenizer } from "./read-special-tokens.ts";
import type { TokenizerConfig } from "./read-tokenizer-config.ts";

/** What a running SGLang can do, found by asking it. */
export interface SglangCapabilities {
  readonly version: string;
  /** Prompts that begin alike are read in whole pages of so many tokens. */
  readonly cacheBlockTokens: number;
  readonly contextTokens: number;
}

export interface ProbedSglang {
  readonly model: BackendModel;
  readonly capabilities: SglangCapabilities;
  /** Changes with the weights. */
  readonly identity: string;
}

const PAGES_TOKENS = [1, 8, 16, 32, 64, 128, 256, 512];
const PROBE_TOKENS = 513;
const STREAMED_TOKENS = 3;
/** What Parley's own grammars are made of. */
const GRAMMAR = 'root ::= "y" [d-f]{1,1} rest\nrest ::= "s"';

/** Texts to tokens and back. */
export function sglangTokenizer(sglang: JsonClient, signal?: AbortSignal): Tokenizer {
  const until = signal === undefined ? {} : { signal };
  return {
    async tokenize(texts) {
      const body = { prompt: texts, add_special_tokens: false };
      return (await sglang.call("/tokenize", TokenizeReply, { body, ...until })).tokens;
    },
    async detokenize(lists, skipSpecial) {
      const body = { tokens: lists, skip_special_tokens: skipSpecial };
      return (await sglang.call("/detokenize", DetokenizeReply, { body, ...until })).text;
    },
  };
}

/** What a served model is known by. */
export function identityOf(told: z.infer<typeof ModelInfoReply>): string {
  return JSON.stringify([told.model_path, told.served_model_name, told.weight_version]);
}

/** Reads the model's facts, and tries all that a token backend needs. */
export async function probeSglang(
  sglang: JsonClient,
  {
    url,
    tokenizerConfig,
    signal,
  }: { readonly url: string; readonly tokenizerConfig: TokenizerConfig; readonly signal: AbortSignal },
): Promise<ProbedSglang> {
  const info = await sglang.call("/model_info", ModelInfoReply, { signal }).catch((cause: unknown) => {
    if (!(cause instanceof UpstreamRefused) || cause.status !== 404) throw cause;
    throw new Error(
      "this server tells nothing of its model (no /model_info): it is no SGLang of 0.5.23 or later, or a router before some. " +
        "Name each SGLang as an upstream of its own instead: the pool sends what begins alike to one of them",
      { cause },
    );
  });
  if (!info.is_generation) throw new Error("this SGLang generates nothing: it was started for embeddings");
  const { version, max_req_input_len: longestPrompt } = await sglang.call("/server_info", ServerInfoReply, { signal });
  const contextTokens = longestPrompt + 1;
  const tokenizer = sglangTokenizer(sglang, signal);
  const [[plain = 0] = []] = await tokenizer.tokenize(["a"]);
  const withBos = { prompt: ["a"], add_special_tokens: true };
  const [first] = (await sglang.call("/tokenize", TokenizeReply, { body: withBos, signal })).tokens;

  const specialTokens = await readSpecialTokens(tokenizer);
  const { chatTemplate, bosToken, eosToken } = tokenizerConfig;
  for (const spelling of [bosToken, eosToken]) {
    if (spelling === null || specialTokens.has(spelling)) continue;
    throw new Error(`the tokenizer_config of this upstream is of another model: this SGLang knows no ${spelling}`);
  }
  const cacheBlockTokens = await probeGeneration(sglang, plain, contextTokens, signal);
  const identity = identityOf(info);
  const about = JSON.stringify([url, version, identity, contextTokens, chatTemplate]);
  return {
    identity,
    capabilities: { version, cacheBlockTokens, contextTokens },
    model: {
      fingerprint: `${createHash("sha256").update(about).digest("hex").slice(0, 32)}-sglang`,
      contextTokens,
      chatTemplate,
      // A family's name there is none of a file's; the family is seen by the template.
      architecture: "",
      bosToken,
      eosToken,
      addBos: first?.[0] !== plain,
      endTokens: [...specialTokens].filter(([text]) => END_SPELLINGS.has(text) || text === eosToken).map(([, id]) => id),
      specialTokens,
      canTruncate: true,
    },
  };
}

/** Tries token ids, prefixes under salts, a grammar, a stream and logprobs. Returns how large the cache's pages are. */
async function probeGeneration(sglang: JsonClient, plain: number, contextTokens: number, signal: AbortSignal): Promise<number> {
  const bodyOf = (tokens: readonly number[], salt: string, sampling: object = {}) => ({
    input_ids: tokens,
    cache_salt: salt,
    sampling_params: { max_new_tokens: 1, temperature: 0, skip_special_tokens: false, ...sampling },
  });
  const generate = (tokens: readonly number[], salt: string, sampling?: object) =>
    sglang.call("/generate", Generated, { body: bodyOf(tokens, salt, sampling), signal });
  const long = Array.from({ length: Math.min(PROBE_TOKENS, contextTokens - 2) }, () => plain);
  const salt = newSalt();
  await generate(long, salt);
  let cacheBlockTokens = 0;
  for (const size of PAGES_TOKENS) {
    if (size + 1 > long.length || cacheBlockTokens > 0) break;
    const { meta_info } = await generate(long.slice(0, size + 1), salt);
    if ((meta_info.cached_tokens ?? 0) > 0) cacheBlockTokens = size;
  }
  if (cacheBlockTokens === 0) {
    throw new Error(
      "this server reads no prefix again: start SGLang without --disable-radix-cache, or have a router send what begins alike to one worker",
    );
  }
  const { meta_info: other } = await generate(long, newSalt());
  if ((other.cached_tokens ?? 0) > 0) {
    throw new Error(
      "this server reads prefixes under another cache_salt: an SGLang that is too old, or a router that drops the salt",
    );
  }
  const bound = await generate(long.slice(0, 4), salt, { max_new_tokens: 8, ebnf: GRAMMAR }).catch((cause: unknown) => {
    if (!(cause instanceof UpstreamRefused)) throw cause;
    throw new Error("start this SGLang with --grammar-backend xgrammar: it refuses a grammar", { cause });
  });
  if (!/^y[d-f]s/.test(bound.text)) throw new Error("this SGLang does not hold to a grammar");
  await probeStream(sglang, bodyOf(long.slice(0, 4), salt, { max_new_tokens: STREAMED_TOKENS, ignore_eos: true }), signal);
  return cacheBlockTokens;
}

async function probeStream(sglang: JsonClient, body: object, signal: AbortSignal): Promise<void> {
  const asked = { ...body, stream: true, return_logprob: true, top_logprobs_num: 2 };
  let tokens = 0;
  let logprobs = 0;
  for await (const data of sglang.events("/generate", { body: asked }, signal)) {
    const chunk = GenerateChunk.parse(JSON.parse(data));
    if ("error" in chunk) throw new UpstreamRefused(500, chunk.error);
    tokens += chunk.output_ids.length;
    logprobs += chunk.meta_info.output_top_logprobs?.length ?? 0;
  }
  if (tokens > STREAMED_TOKENS) {
    throw new Error(
      "start this SGLang with --incremental-streaming-output: each of its events repeats all of the reply before it",
    );
  }
  if (tokens < STREAMED_TOKENS || logprobs < STREAMED_TOKENS)
    throw new Error("this server streams no token ids with their logprobs");
}
