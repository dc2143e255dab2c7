import type { DecodeRequest, SamplerOptions } from "../backend.ts";

export interface GenerateContext {
  /** By which the request can be stopped. */
  readonly requestId: string;
  /** Names the prefixes that may be read. */
  readonly salt: string;
  readonly endTokens: readonly number[];
  /** Tokens that prompt and reply may have together. */
  readonly contextTokens: number;
}

const GREEDY: SamplerOptions = { temperature: 0, topP: 1, topK: 0 };

/** Every sampler is named: what is left out would be the server's own default. */
function toSamplerBody({ temperature, topP, topK, seed }: SamplerOptions): object {
  return {
    temperature,
    top_p: temperature === 0 ? 1 : topP,
    top_k: temperature === 0 || topK === 0 ? -1 : topK,
    min_p: 0,
    repetition_penalty: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    ...(seed === undefined ? {} : { sampling_seed: seed }),
  };
}

/** The body of `POST /generate` for a decode. */
export function toGenerateBody(request: DecodeRequest, context: GenerateContext): Readonly<Record<string, unknown>> {
  const { tokens, maxTokens, sampler, grammar, topLogprobs } = request;
  const isPrefill = maxTokens === 0;
  return {
    rid: context.requestId,
    input_ids: tokens,
    stream: true,
    cache_salt: context.salt,
    sampling_params: {
      max_new_tokens: Math.min(maxTokens, context.contextTokens - tokens.length),
      stop_token_ids: context.endTokens,
      skip_special_tokens: false,
      spaces_between_special_tokens: false,
      stream_interval: 1,
      ...toSamplerBody(isPrefill ? GREEDY : sampler),
      ...(grammar === null || isPrefill ? {} : { ebnf: grammar }),
    },
    ...(topLogprobs === 0 || isPrefill ? {} : { return_logprob: true, top_logprobs_num: topLogprobs }),
  };
}
