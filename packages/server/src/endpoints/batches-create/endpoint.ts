import { BatchCreateRequest, MessageBatch } from "@parley/wire";
import { BATCH_MAX_BYTES } from "../../batches/create-batches.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toBatch } from "../shared/batch-reply.ts";

export const batchesCreate = defineEndpoint({
  name: "batches-create",
  summary: "Create a batch of messages",
  method: "POST",
  path: "/v1/messages/batches",
  permission: "workspace",
  upload: { maxBytes: BATCH_MAX_BYTES, contentType: "application/json", schema: BatchCreateRequest },
  reply: { schema: MessageBatch },
  async handle(request, { batches, dataPolicy, limitPolicy }) {
    const { principal, version, betas, isBeta, upload } = request;
    await dataPolicy.requireStorage(principal.workspaceId, "Message batches");
    const { batchQueueRequests = null } = await limitPolicy.organizationLimitsOf(principal.organizationId);
    const batch = await batches.create(principal, { version, betas, isBeta }, upload, batchQueueRequests);
    return { kind: "json", body: toBatch(batch, request) };
  },
});
