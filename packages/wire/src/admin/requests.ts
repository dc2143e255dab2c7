import { z } from "zod";

export const RequestStatus = z.enum(["succeeded", "errored", "canceled"]);
export type RequestStatus = z.infer<typeof RequestStatus>;

/** Milliseconds of each phase, in the order in which they come. Null: it came through no door, as a turn of a batch. */
const RequestTimings = z.strictObject({
  auth: z.number().nullable(),
  /** Reading the body and checking it. */
  read: z.number().nullable(),
  limits: z.number().nullable(),
  render: z.number(),
  queue: z.number(),
  /** Restoring what was read from the cache. */
  cached: z.number(),
  prefill: z.number(),
  decode: z.number(),
});

/** Parley's own: one request for a turn, as the log of requests has it. */
export const LoggedRequest = z
  .strictObject({
    id: z.string(),
    type: z.literal("request"),
    started_at: z.iso.datetime(),
    /** Canceled: the client left before the end. */
    status: RequestStatus,
    /** Of a request that errored. The message is not kept where its turn had begun, nor under zero data retention. */
    error: z.strictObject({ type: z.string(), message: z.string().nullable(), status: z.int().nullable() }).nullable(),
    workspace_id: z.string(),
    /** Null: somebody in the Console. */
    api_key_id: z.string().nullable(),
    user_id: z.string().nullable(),
    /** As it answered; of a request that was refused as the client wrote it. */
    model: z.string().nullable(),
    weights: z.string().nullable(),
    product: z.enum(["messages_api", "message_batches_api", "claude_code"]).nullable(),
    service_tier: z.enum(["standard", "priority", "batch"]).nullable(),
    session_id: z.string().nullable(),
    message_id: z.string().nullable(),
    stop_reason: z.string().nullable(),
    usage: z
      .strictObject({
        input_tokens: z.int(),
        cache_read_input_tokens: z.int(),
        cache_creation_input_tokens: z.int(),
        output_tokens: z.int(),
        thinking_tokens: z.int(),
      })
      .nullable(),
    cache_miss: z.strictObject({ reason: z.string(), missed_input_tokens: z.int().nullable() }).nullable(),
    /** Cents, as a decimal string. */
    cost: z.string().nullable(),
    duration_ms: z.number(),
    /** Null for a request that was refused before its turn. */
    timings_ms: RequestTimings.nullable(),
  })
  .meta({ id: "LoggedRequest" });
export type LoggedRequest = z.infer<typeof LoggedRequest>;

export const LoggedRequestPage = z
  .strictObject({ data: z.array(LoggedRequest), next_page: z.string().nullable() })
  .meta({ id: "LoggedRequestPage" });
