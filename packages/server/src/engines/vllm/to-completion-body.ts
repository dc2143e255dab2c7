import type { DecodeRequest, SamplerOptions } from "../backend.ts";

export interface CompletionContext {
  readonly model: string;
  /** Names the prefixes that may be read. */
  readonly salt: string;
  readonly endTokens: readonly number[];
  /** Tokens that prompt and reply may have together. */
  readonly contextTokens: number;
}

/** Every sampler is named: what is left out would be the model's own default. */
function toSamplerBody({ temperature, topP, topK, seed }: SamplerOptions): object {
  return {
    temperature,
    top_p: temperature === 0 ? 1 : topP,
    top_k: temperature === 0 ? 0 : topK,
    min_p: 0,
    repetition_penalty: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    ...(seed === undefined ? {} : { seed }),
  };
}

/** The body of `POST /v1/completions` for a decode. */
export function toCompletionBody(request: DecodeRequest, context: CompletionContext): Readonly<Record<string, unknown>> {
  const { tokens, maxTokens, sampler, grammar, topLogprobs } = request;
  const isPrefill = maxTokens === 0;
  return {
    model: context.model,
    prompt: tokens,
    // It decodes one token at least, which is thrown away.
    max_tokens: isPrefill ? 1 : Math.min(maxTokens, context.contextTokens - tokens.length),
    stream: true,
    stream_options: { include_usage: true },
    return_token_ids: true,
    skip_special_tokens: false,
    spaces_between_special_tokens: false,
    cache_salt: context.salt,
    stop_token_ids: context.endTokens,
    ...toSamplerBody(isPrefill ? { temperature: 0, topP: 1, topK: 0 } : sampler),
    ...(grammar === null || isPrefill ? {} : { structured_outputs: { grammar } }),
    ...(topLogprobs === 0 || isPrefill ? {} : { logprobs: topLogprobs, return_tokens_as_token_ids: true }),
  };
}
