import type { TokenLogprob } from "../../backend.ts";
import type { DecodeCommand } from "../ipc.ts";
import type { Addon, NativeSampler } from "./addon.ts";
import type { Sequence } from "./sequence.ts";
import { createTextAssembler, type TextAssembler } from "./text-assembler.ts";

/** One decode under way in a slot. */
export interface Job {
  readonly call: number;
  readonly command: DecodeCommand;
  readonly sequence: Sequence;
  readonly sampler: NativeSampler;
  /** Reads the raw logits when logprobs are wanted: greedy, without the grammar. */
  readonly probe: NativeSampler | null;
  readonly text: TextAssembler;
  readonly cachedTokens: number;
  readonly startedMs: number;
  prefillMs: number;
  decoded: number;
  /** The sampled token that the next batch computes; null while the prompt is being computed. */
  next: number | null;
}

export interface Sample {
  readonly token: number;
  readonly logprobs: readonly TokenLogprob[] | null;
}

/** `grammar`: the state of the compiled grammar, or null. */
export function createJob(addon: Addon, call: number, command: DecodeCommand, sequence: Sequence, grammar: object | null): Job {
  const { tokens, reusePrefix, maxTokens, sampler, topLogprobs } = command;
  if (!reusePrefix) sequence.clear();
  // The last prompt token is computed again when something is to be decoded: its logits are needed.
  const cachedTokens = sequence.keepPrefix(tokens, maxTokens === 0 ? tokens.length : tokens.length - 1);
  return {
    call,
    command,
    sequence,
    cachedTokens,
    sampler: addon.createSampler({
      temperature: sampler.temperature,
      // Left out and not 0: the binding reads 0 as "sort the whole vocabulary", 15 ms a token at 150k tokens.
      ...(sampler.topK > 0 ? { topK: sampler.topK } : {}),
      ...(sampler.topP < 1 ? { topP: sampler.topP } : {}),
      seed: (sampler.seed ?? Math.floor(Math.random() * 2 ** 32)) >>> 0,
      ...(grammar === null ? {} : { grammarEvaluationState: grammar }),
    }),
    probe: topLogprobs > 0 ? addon.createSampler({ temperature: 0 }) : null,
    text: createTextAssembler(addon.model, tokens.at(-1)),
    startedMs: performance.now(),
    prefillMs: 0,
    decoded: 0,
    next: null,
  };
}

export function disposeJob(job: Job): void {
  job.sampler.dispose();
  job.probe?.dispose();
}

export async function sample(addon: Addon, job: Job, logitIndex: number): Promise<Sample> {
  const logprobs = job.probe ? await readLogprobs(addon, job.probe, logitIndex, job.command.topLogprobs) : null;
  const token = await addon.context.sampleToken(logitIndex, job.sampler);
  if (token < 0) throw new Error("no token is possible here: the grammar allows nothing that the vocabulary can spell");
  return { token, logprobs };
}

async function readLogprobs(addon: Addon, probe: NativeSampler, logitIndex: number, top: number): Promise<TokenLogprob[]> {
  const [, , , logits, totalWeight] = await addon.context.sampleToken(
    logitIndex,
    probe,
    false,
    false,
    [[], false, false, false, top],
    true,
  );
  // `totalWeight` is the sum of exp(logit - largest logit) over the whole vocabulary.
  const logTotal = (logits[1] ?? 0) + Math.log(totalWeight);
  return Array.from({ length: logits.length / 2 }, (_, index) => ({
    token: logits[2 * index] ?? 0,
    logprob: (logits[2 * index + 1] ?? 0) - logTotal,
  }));
}
