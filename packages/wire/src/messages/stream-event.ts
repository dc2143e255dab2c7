import { z } from "zod";
import { ErrorEnvelope } from "../errors.ts";
import { Citation } from "./citations.ts";
import { ContextManagementResponse } from "./context-management.ts";
import { ContainerField, ContentBlock, Message, MessageDeltaUsage, StopDetails, StopReason } from "./message.ts";

export const MessageStartEvent = z
  .strictObject({ type: z.literal("message_start"), message: Message })
  .meta({ id: "MessageStartEvent" });

export const ContentBlockStartEvent = z
  .strictObject({ type: z.literal("content_block_start"), index: z.int(), content_block: ContentBlock })
  .meta({ id: "ContentBlockStartEvent" });

export const ContentBlockDelta = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("text_delta"), text: z.string() }),
    z.strictObject({ type: z.literal("input_json_delta"), partial_json: z.string() }),
    z.strictObject({ type: z.literal("citations_delta"), citation: Citation }),
    z.strictObject({
      type: z.literal("thinking_delta"),
      thinking: z.string(),
      estimated_tokens: z.int().nullish(),
    }),
    z.strictObject({ type: z.literal("signature_delta"), signature: z.string() }),
    z.strictObject({
      type: z.literal("compaction_delta"),
      content: z.string().nullable(),
      encrypted_content: z.string().nullable(),
    }),
  ])
  .meta({ id: "ContentBlockDelta" });

export const ContentBlockDeltaEvent = z
  .strictObject({ type: z.literal("content_block_delta"), index: z.int(), delta: ContentBlockDelta })
  .meta({ id: "ContentBlockDeltaEvent" });

export const ContentBlockStopEvent = z
  .strictObject({ type: z.literal("content_block_stop"), index: z.int() })
  .meta({ id: "ContentBlockStopEvent" });

export const MessageDeltaEvent = z
  .strictObject({
    type: z.literal("message_delta"),
    delta: z.strictObject({
      stop_reason: StopReason.nullable(),
      stop_sequence: z.string().nullable(),
      stop_details: StopDetails.nullable(),
      container: ContainerField,
    }),
    usage: MessageDeltaUsage,
    context_management: ContextManagementResponse.nullish(),
  })
  .meta({ id: "MessageDeltaEvent" });

export const MessageStopEvent = z.strictObject({ type: z.literal("message_stop") }).meta({ id: "MessageStopEvent" });

export const PingEvent = z.strictObject({ type: z.literal("ping") }).meta({ id: "PingEvent" });

/** Every event of a stream; `error` is the error envelope itself. The SSE event name is `type`. */
export const StreamEvent = z
  .discriminatedUnion("type", [
    MessageStartEvent,
    ContentBlockStartEvent,
    ContentBlockDeltaEvent,
    ContentBlockStopEvent,
    MessageDeltaEvent,
    MessageStopEvent,
    PingEvent,
    ErrorEnvelope,
  ])
  .meta({ id: "StreamEvent" });

export type ContentBlockDelta = z.infer<typeof ContentBlockDelta>;
export type StreamEvent = z.infer<typeof StreamEvent>;
