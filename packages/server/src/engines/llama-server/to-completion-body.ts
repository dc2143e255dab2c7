import type { DecodeRequest, SamplerOptions } from "../backend.ts";
import { FINAL_FIELDS } from "./api.ts";
import type { PicturedPrompt } from "./to-pictured-prompt.ts";

interface SamplerBody {
  readonly samplers: readonly ("top_k" | "top_p" | "temperature")[];
  readonly top_k?: number;
  readonly top_p?: number;
  readonly temperature?: number;
  readonly seed?: number;
}

/** Names the samplers that run: the server's own defaults (min_p, penalties, dry, xtc) are not in the list, so they do not. */
function toSamplerBody({ temperature, topP, topK, seed }: SamplerOptions): SamplerBody {
  if (temperature === 0) return { samplers: ["top_k"], top_k: 1 };
  return {
    samplers: [...(topK > 0 ? (["top_k"] as const) : []), ...(topP < 1 ? (["top_p"] as const) : []), "temperature"],
    ...(topK > 0 ? { top_k: topK } : {}),
    ...(topP < 1 ? { top_p: topP } : {}),
    temperature,
    ...(seed === undefined ? {} : { seed: seed >>> 0 }),
  };
}

/** The body of `POST /completion` for a decode. `prompt`: in place of the tokens. */
export function toCompletionBody(
  request: DecodeRequest,
  prompt: readonly number[] | PicturedPrompt = request.tokens,
): Readonly<Record<string, unknown>> {
  const { slot, reusePrefix, maxTokens, sampler, grammar, topLogprobs } = request;
  return {
    prompt,
    id_slot: slot,
    cache_prompt: reusePrefix,
    n_predict: maxTokens,
    stream: true,
    return_tokens: true,
    return_progress: true,
    response_fields: FINAL_FIELDS,
    // With 0 tokens to predict one is sampled all the same, and thrown away: nothing may forbid or delay it.
    ...(maxTokens === 0 ? toSamplerBody({ temperature: 0, topP: 1, topK: 0 }) : toSamplerBody(sampler)),
    ...(grammar === null || maxTokens === 0 ? {} : { grammar }),
    ...(topLogprobs === 0 ? {} : { n_probs: topLogprobs }),
  };
}
