import { MessageBatchProgress } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";

/** Parley's own: the platform tells no counts before a batch has ended. */
export const batchesProgress = defineEndpoint({
  name: "batches-progress",
  summary: "Tell how far a batch is",
  method: "GET",
  path: "/v1/messages/batches/:message_batch_id/progress",
  permission: "workspace",
  reply: { schema: MessageBatchProgress },
  async handle({ principal, params }, { batches }) {
    const id = params["message_batch_id"] ?? "";
    const counts = await batches.progress(principal, id);
    return {
      kind: "json",
      body: { id, type: "message_batch_progress", request_counts: counts } satisfies MessageBatchProgress,
    };
  },
});
