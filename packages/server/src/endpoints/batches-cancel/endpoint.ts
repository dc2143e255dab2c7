import { MessageBatch } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { toBatch } from "../shared/batch-reply.ts";

export const batchesCancel = defineEndpoint({
  name: "batches-cancel",
  summary: "Cancel a batch",
  method: "POST",
  path: "/v1/messages/batches/:message_batch_id/cancel",
  permission: "workspace",
  reply: { schema: MessageBatch },
  async handle(request, { batches }) {
    const batch = await batches.cancel(request.principal, request.params["message_batch_id"] ?? "");
    return { kind: "json", body: toBatch(batch, request) };
  },
});
