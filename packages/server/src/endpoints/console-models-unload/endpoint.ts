import { ConsoleDone } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { steerModels } from "../shared/steer-models.ts";

export const consoleModelsUnload = defineEndpoint({
  name: "console-models-unload",
  summary: "End the engine of weights that no turn holds",
  method: "POST",
  path: "/console/api/models/:weights/unload",
  permission: "session",
  reply: { schema: ConsoleDone },
  async handle(request, deps) {
    await steerModels(request, deps, "model.unload", (weights) => deps.modelControl.unload(weights));
    return { kind: "json", body: { type: "done" } };
  },
});
