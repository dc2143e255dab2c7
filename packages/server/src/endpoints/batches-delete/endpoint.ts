import { DeletedMessageBatch } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";

export const batchesDelete = defineEndpoint({
  name: "batches-delete",
  summary: "Delete a batch that has ended",
  method: "DELETE",
  path: "/v1/messages/batches/:message_batch_id",
  permission: "workspace",
  reply: { schema: DeletedMessageBatch },
  async handle({ principal, params }, { batches }) {
    const id = params["message_batch_id"] ?? "";
    await batches.delete(principal, id);
    return { kind: "json", body: { id, type: "message_batch_deleted" } satisfies DeletedMessageBatch };
  },
});
