import { ConsoleDone } from "@parley/wire";
import { toAdminPrincipal } from "../../sign-in/to-admin-principal.ts";
import { defineEndpoint } from "../define-endpoint.ts";

export const consoleModelsLoad = defineEndpoint({
  name: "console-models-load",
  summary: "Load weights into memory; how it goes is seen in the list",
  method: "POST",
  path: "/console/api/models/:weights/load",
  permission: "session",
  reply: { schema: ConsoleDone },
  async handle({ session, params }, { modelControl }) {
    toAdminPrincipal(session);
    await modelControl.load(params["weights"] ?? "");
    return { kind: "json", body: { type: "done" } };
  },
});
