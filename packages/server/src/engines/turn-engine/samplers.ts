import type { SamplerOptions } from "../backend.ts";

/** Only the most likely reading is wanted, or nothing is sampled at all. */
export const GREEDY: SamplerOptions = { temperature: 0, topP: 1, topK: 0 };
/** A second try must not write the same again. */
export const RESAMPLE: SamplerOptions = { temperature: 0.8, topP: 0.95, topK: 0 };
