import { z } from "zod";

/** What vLLM answers, as far as this driver reads it (0.32). */

const ErrorReply = z.object({ error: z.object({ message: z.string() }) });
/** Of any of its errors. */
export const ErrorText = ErrorReply.transform(({ error }) => error.message);
export const ModelsReply = z.object({
  data: z.array(z.object({ id: z.string(), root: z.string().nullish(), max_model_len: z.int() })).min(1),
});
export const VersionReply = z.object({ version: z.string() });
export const TokenizeReply = z.object({ tokens: z.array(z.int()) });
export const DetokenizeReply = z.object({ prompt: z.string() });

/** A special token's spelling, alone or as the tokenizer keeps it. */
const Spelling = z
  .union([z.string(), z.object({ content: z.string() })])
  .nullish()
  .transform((told) => (typeof told === "object" ? (told?.content ?? null) : (told ?? null)));
export const TokenizerReply = z.object({
  chat_template: z
    .string()
    .nullish()
    .transform((text) => text ?? null),
  bos_token: Spelling,
  eos_token: Spelling,
  added_tokens_decoder: z.record(
    z.string().regex(/^\d+$/),
    z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)]),
  ),
});

export const UsageReply = z.object({
  prompt_tokens_details: z.object({ cached_tokens: z.int().nullish() }).nullish(),
});
/** One server-sent event of `POST /v1/completions`; the last has no choice. */
export const CompletionChunk = z.union([
  ErrorReply,
  z.object({
    choices: z.array(
      z.object({
        text: z.string(),
        token_ids: z.array(z.int()).nullish(),
        finish_reason: z.string().nullish(),
        logprobs: z.object({ top_logprobs: z.array(z.record(z.string(), z.number()).nullable()) }).nullish(),
      }),
    ),
    usage: UsageReply.nullish(),
  }),
]);
