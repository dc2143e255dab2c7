import { ConsoleModels } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { maySteerModels } from "../shared/steer-models.ts";

export const consoleModels = defineEndpoint({
  name: "console-models",
  summary: "The weights of this server, what is loaded, and what it takes",
  method: "GET",
  path: "/console/api/models",
  permission: "session",
  reply: { schema: ConsoleModels },
  async handle({ session }, deps) {
    const body = await deps.modelControl.state({ maySteer: await maySteerModels(deps, session) });
    return { kind: "json", headers: { "cache-control": "no-store" }, body };
  },
});
