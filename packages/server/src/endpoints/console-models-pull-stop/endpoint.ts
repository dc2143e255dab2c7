import { ConsoleDone } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { steerModels } from "../shared/steer-models.ts";

export const consoleModelsPullStop = defineEndpoint({
  name: "console-models-pull-stop",
  summary: "Stop fetching weights; what is there already is kept for the next time",
  method: "DELETE",
  path: "/console/api/models/:weights/pull",
  permission: "session",
  reply: { schema: ConsoleDone },
  async handle(request, deps) {
    await steerModels(request, deps, "model.pull_stop", (weights) => deps.modelControl.stopPull(weights));
    return { kind: "json", body: { type: "done" } };
  },
});
