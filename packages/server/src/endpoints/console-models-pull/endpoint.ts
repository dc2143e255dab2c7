import { ConsoleDone } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { steerModels } from "../shared/steer-models.ts";

export const consoleModelsPull = defineEndpoint({
  name: "console-models-pull",
  summary: "Fetch weights; how it goes is seen in the list",
  method: "POST",
  path: "/console/api/models/:weights/pull",
  permission: "session",
  reply: { schema: ConsoleDone },
  async handle(request, deps) {
    await steerModels(request, deps, "model.pull", (weights) => deps.modelControl.pull(weights));
    return { kind: "json", body: { type: "done" } };
  },
});
