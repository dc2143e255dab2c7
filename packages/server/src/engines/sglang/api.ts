import { z } from "zod";

/** What SGLang takes and answers, as far as this driver uses it (0.5.23). */

/** Of any of its errors: its own routes, its router and FastAPI each have a form. */
export const ErrorText = z.union([
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error.message),
  z.object({ error: z.string() }).transform(({ error }) => error),
  z.object({ message: z.string() }).transform(({ message }) => message),
  z.object({ detail: z.string() }).transform(({ detail }) => detail),
]);
/** `GET /model_info`; what stays the same as long as the weights do. */
export const ModelInfoReply = z.object({
  model_path: z.string(),
  served_model_name: z.string().nullish(),
  is_generation: z.boolean(),
  weight_version: z.string().nullish(),
  model_type: z.string().nullish(),
});
/** `GET /server_info`; of one behind a router, of one of its workers. */
export const ServerInfoReply = z.object({ version: z.string(), max_req_input_len: z.int() });
/** `POST /tokenize` of many texts, `POST /detokenize` of many lists. */
export const TokenizeReply = z.object({ tokens: z.array(z.array(z.int())) });
export const DetokenizeReply = z.object({ text: z.array(z.string()) });

/** What a decode asks for logprobs by: `[logprob, token, null]`. What a grammar forbids has the least number there is, or none. */
const Alternatives = z.array(z.tuple([z.number().nullable(), z.int()]).rest(z.unknown()));
const FinishReason = z.discriminatedUnion("type", [
  z.object({ type: z.literal("stop"), matched: z.union([z.int(), z.string()]).nullish() }),
  z.object({ type: z.literal("length") }),
  z.object({ type: z.literal("abort"), message: z.string().nullish(), status_code: z.int().nullish() }),
]);
export const Generated = z.object({
  text: z.string(),
  output_ids: z.array(z.int()),
  meta_info: z.object({
    finish_reason: FinishReason.nullable(),
    cached_tokens: z.int().nullish(),
    output_top_logprobs: z.array(Alternatives.nullable()).nullish(),
  }),
});
/** One server-sent event of `POST /generate`. */
export const GenerateChunk = z.union([ErrorText.transform((message) => ({ error: message })), Generated]);
