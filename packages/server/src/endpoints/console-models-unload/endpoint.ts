import { ConsoleDone } from "@parley/wire";
import { toAdminPrincipal } from "../../sign-in/to-admin-principal.ts";
import { defineEndpoint } from "../define-endpoint.ts";

export const consoleModelsUnload = defineEndpoint({
  name: "console-models-unload",
  summary: "End the engine of weights that no turn holds",
  method: "POST",
  path: "/console/api/models/:weights/unload",
  permission: "session",
  reply: { schema: ConsoleDone },
  async handle({ session, params }, { modelControl }) {
    toAdminPrincipal(session);
    await modelControl.unload(params["weights"] ?? "");
    return { kind: "json", body: { type: "done" } };
  },
});
