import type { TokenLogprob } from "../backend.ts";

/** What a grammar forbids has the logarithm of nothing, which engines cut to their least number. */
const FORBIDDEN_LOGPROB = -9_999;

/** The first `count` of what an engine tells that no grammar forbids. */
export function allowedLogprobs(told: readonly TokenLogprob[], count: number): readonly TokenLogprob[] {
  return told.filter(({ logprob }) => logprob > FORBIDDEN_LOGPROB).slice(0, count);
}
