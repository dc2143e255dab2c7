import { ModelInfo } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";

/** One model; an alias or a dated id resolves to the pinned one. */
export const modelsGet = defineEndpoint({
  name: "models-get",
  summary: "Get a model",
  method: "GET",
  path: "/v1/models/:model_id",
  permission: "workspace",
  forClaudeCode: true,
  reply: { schema: ModelInfo },
  async handle(request, { models }) {
    return { kind: "json", body: await models.get(request.params["model_id"] ?? "") };
  },
});
