import { ConsoleDone } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { steerModels } from "../shared/steer-models.ts";

export const consoleModelsLoad = defineEndpoint({
  name: "console-models-load",
  summary: "Load weights into memory; how it goes is seen in the list",
  method: "POST",
  path: "/console/api/models/:weights/load",
  permission: "session",
  reply: { schema: ConsoleDone },
  async handle(request, deps) {
    await steerModels(request, deps, "model.load", (weights) => deps.modelControl.load(weights));
    return { kind: "json", body: { type: "done" } };
  },
});
