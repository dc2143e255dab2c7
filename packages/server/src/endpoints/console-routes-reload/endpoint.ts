import { ConsoleDone } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { steerModels } from "../shared/steer-models.ts";

export const consoleRoutesReload = defineEndpoint({
  name: "console-routes-reload",
  summary: "Read upstreams, pools and families anew from the configuration, on all nodes",
  method: "POST",
  path: "/console/api/routes/reload",
  permission: "session",
  reply: { schema: ConsoleDone },
  async handle(request, deps) {
    await steerModels(request, deps, "routes.reload", () => deps.modelControl.reloadRoutes(request.session.userId));
    return { kind: "json", body: { type: "done" } };
  },
});
