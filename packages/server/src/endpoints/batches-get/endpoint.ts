import { MessageBatch } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { toBatch } from "../shared/batch-reply.ts";

export const batchesGet = defineEndpoint({
  name: "batches-get",
  summary: "Get a batch",
  method: "GET",
  path: "/v1/messages/batches/:message_batch_id",
  permission: "workspace",
  reply: { schema: MessageBatch },
  async handle(request, { batches }) {
    const batch = await batches.get(request.principal, request.params["message_batch_id"] ?? "");
    return { kind: "json", body: toBatch(batch, request) };
  },
});
