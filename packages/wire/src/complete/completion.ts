import { z } from "zod";
import { ErrorEnvelope } from "../errors.ts";

/** The legacy `POST /v1/complete`. */
export const CompleteRequest = z
  .strictObject({
    model: z.string().min(1).max(256),
    prompt: z.string().min(1),
    max_tokens_to_sample: z.int().min(1),
    metadata: z.strictObject({ user_id: z.string().max(256).nullish() }).optional(),
    stop_sequences: z.array(z.string()).optional(),
    stream: z.boolean().optional(),
    temperature: z.number().min(0).max(1).optional(),
    top_k: z.int().min(0).optional(),
    top_p: z.number().min(0).max(1).optional(),
  })
  .meta({ id: "CompleteRequest" });

/** The reply, and (with `stream`) also the data of each `completion` event. */
export const Completion = z
  .strictObject({
    type: z.literal("completion"),
    id: z.string(),
    completion: z.string(),
    stop_reason: z.enum(["stop_sequence", "max_tokens"]).nullable(),
    stop: z.string().nullable().optional(),
    log_id: z.string().optional(),
    model: z.string(),
  })
  .meta({ id: "Completion" });

export const CompletionStreamEvent = z
  .discriminatedUnion("type", [Completion, z.strictObject({ type: z.literal("ping") }), ErrorEnvelope])
  .meta({ id: "CompletionStreamEvent" });

export type CompleteRequest = z.infer<typeof CompleteRequest>;
export type Completion = z.infer<typeof Completion>;
export type CompletionStreamEvent = z.infer<typeof CompletionStreamEvent>;
