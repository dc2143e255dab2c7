import { z } from "zod";

/** What llama-server answers, as far as this driver reads it (tools/server in the llama.cpp sources, v0.5). */

export const ErrorReply = z.object({ error: z.object({ message: z.string(), type: z.string().nullish() }) });
export const PropsReply = z.object({
  default_generation_settings: z.object({ n_ctx: z.int() }),
  total_slots: z.int(),
  /** Where it stands in a prompt's text, a picture does; another one with each start. */
  media_marker: z.string().nullish(),
  modalities: z.object({ vision: z.boolean().nullish() }).nullish(),
});
/** Of an engine whose file is on another machine: what of the file it tells itself. */
export const RemotePropsReply = PropsReply.extend({
  model_path: z.string(),
  chat_template: z
    .string()
    .nullish()
    .transform((text) => text ?? ""),
  bos_token: z
    .string()
    .nullish()
    .transform((text) => text ?? ""),
  eos_token: z
    .string()
    .nullish()
    .transform((text) => text ?? ""),
});
export const RemoteModelsReply = z.object({
  data: z.array(
    z.object({ meta: z.object({ n_vocab: z.int(), n_ctx_train: z.int(), n_params: z.int(), size: z.int() }).nullish() }),
  ),
});
export const TokenizeReply = z.object({ tokens: z.array(z.int()) });
export const TokenizePiecesReply = z.object({
  /** A piece that is not UTF-8 on its own comes as its bytes. */
  tokens: z.array(z.object({ id: z.int(), piece: z.union([z.string(), z.array(z.int())]) })),
});
export const DetokenizeReply = z.object({ content: z.string() });
export const SlotsReply = z.array(z.object({ id: z.int(), is_processing: z.boolean() }));
/** Tokens banned by `ignore_eos`: the engine's own list of those that end a generation. */
export const EndTokensReply = z.object({ "generation_settings/logit_bias": z.array(z.object({ token: z.int() })) });
export const CountReply = z.object({ input_tokens: z.int() });
export const SaveReply = z.object({ n_saved: z.int() });
export const RestoreReply = z.object({ n_restored: z.int() });

const Probability = z.object({ id: z.int(), logprob: z.number() });

const ProgressChunk = z.object({
  prompt_progress: z.object({ total: z.int(), cache: z.int(), processed: z.int() }),
});
const FinalChunk = z.object({
  stop: z.literal(true),
  stop_type: z.enum(["none", "eos", "limit", "word"]),
  tokens_predicted: z.int(),
  timings: z.object({ cache_n: z.int(), prompt_ms: z.number(), predicted_ms: z.number() }),
});
const TokenChunk = z.object({
  content: z.string(),
  /** Only the newest token, although `content` may hold the bytes of several. */
  tokens: z.array(z.int()),
  /** Tokens decoded so far, this one included. */
  tokens_predicted: z.int(),
  completion_probabilities: z.array(z.object({ top_logprobs: z.array(Probability) })).nullish(),
});

/** One server-sent event of `POST /completion` with `stream`. The order matters: a progress chunk also looks like a token. */
export const CompletionChunk = z.union([ErrorReply, ProgressChunk, FinalChunk, TokenChunk]);
export type CompletionChunk = z.infer<typeof CompletionChunk>;
export type TokenChunk = z.infer<typeof TokenChunk>;

/** The fields of the last chunk that `FinalChunk` needs; the rest (the whole prompt, the grammar) is not sent. */
export const FINAL_FIELDS = ["stop", "stop_type", "tokens_predicted", "timings"] as const;

/** A line that llama-server writes on stdout while it loads, when it believes that a router is its parent. */
export const StateLine = z.object({
  state: z.string(),
  payload: z.object({ value: z.number().nullish() }).nullish(),
});
