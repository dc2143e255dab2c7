import { z } from "zod";
import { ErrorEnvelope } from "../errors.ts";
import { Message } from "../messages/message.ts";

/** Source: surface.md E. */
export const BATCH_REQUESTS_MAX = 100_000;
export const CUSTOM_ID_PATTERN = /^[a-zA-Z0-9_-]{1,64}$/;

/** One entry of a batch. What `params` holds is looked at when it is processed; its result tells what is wrong. */
export const BatchRequest = z
  .strictObject({ custom_id: z.string().regex(CUSTOM_ID_PATTERN), params: z.looseObject({}) })
  .meta({ id: "BatchRequest" });

export const BatchCreateRequest = z
  .strictObject({ requests: z.array(BatchRequest).min(1).max(BATCH_REQUESTS_MAX) })
  .meta({ id: "BatchCreateRequest" });

export const BatchRequestCounts = z
  .strictObject({
    processing: z.int(),
    succeeded: z.int(),
    errored: z.int(),
    canceled: z.int(),
    expired: z.int(),
  })
  .meta({ id: "BatchRequestCounts" });

export const MessageBatch = z
  .strictObject({
    id: z.string(),
    type: z.literal("message_batch"),
    processing_status: z.enum(["in_progress", "canceling", "ended"]),
    /** Everything counts as processing until the whole batch has ended. */
    request_counts: BatchRequestCounts,
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    ended_at: z.iso.datetime().nullable(),
    cancel_initiated_at: z.iso.datetime().nullable(),
    archived_at: z.iso.datetime().nullable(),
    results_url: z.string().nullable(),
  })
  .meta({ id: "MessageBatch" });

/** Parley's own: how far a batch is, while the platform's counts still say that all of it is processing. */
export const MessageBatchProgress = z
  .strictObject({ id: z.string(), type: z.literal("message_batch_progress"), request_counts: BatchRequestCounts })
  .meta({ id: "MessageBatchProgress" });

export const MessageBatchPage = z
  .strictObject({
    data: z.array(MessageBatch),
    has_more: z.boolean(),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
  })
  .meta({ id: "MessageBatchPage" });

export const DeletedMessageBatch = z
  .strictObject({ id: z.string(), type: z.literal("message_batch_deleted") })
  .meta({ id: "DeletedMessageBatch" });

export const BatchResult = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("succeeded"), message: Message }),
    z.strictObject({ type: z.literal("errored"), error: ErrorEnvelope }),
    z.strictObject({ type: z.literal("canceled") }),
    z.strictObject({ type: z.literal("expired") }),
  ])
  .meta({ id: "BatchResult" });

export type BatchRequest = z.infer<typeof BatchRequest>;
export type MessageBatch = z.infer<typeof MessageBatch>;
export type MessageBatchProgress = z.infer<typeof MessageBatchProgress>;
export type DeletedMessageBatch = z.infer<typeof DeletedMessageBatch>;
export type BatchResult = z.infer<typeof BatchResult>;
