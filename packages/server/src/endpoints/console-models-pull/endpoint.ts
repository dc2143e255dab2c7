import { ConsoleDone } from "@parley/wire";
import { toAdminPrincipal } from "../../sign-in/to-admin-principal.ts";
import { defineEndpoint } from "../define-endpoint.ts";

export const consoleModelsPull = defineEndpoint({
  name: "console-models-pull",
  summary: "Fetch weights; how it goes is seen in the list",
  method: "POST",
  path: "/console/api/models/:weights/pull",
  permission: "session",
  reply: { schema: ConsoleDone },
  async handle({ session, params }, { modelControl }) {
    toAdminPrincipal(session);
    await modelControl.pull(params["weights"] ?? "");
    return { kind: "json", body: { type: "done" } };
  },
});
