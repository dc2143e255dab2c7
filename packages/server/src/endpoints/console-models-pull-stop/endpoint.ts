import { ConsoleDone } from "@parley/wire";
import { toAdminPrincipal } from "../../sign-in/to-admin-principal.ts";
import { defineEndpoint } from "../define-endpoint.ts";

export const consoleModelsPullStop = defineEndpoint({
  name: "console-models-pull-stop",
  summary: "Stop fetching weights; what is there already is kept for the next time",
  method: "DELETE",
  path: "/console/api/models/:weights/pull",
  permission: "session",
  reply: { schema: ConsoleDone },
  async handle({ session, params }, { modelControl }) {
    toAdminPrincipal(session);
    await modelControl.stopPull(params["weights"] ?? "");
    return { kind: "json", body: { type: "done" } };
  },
});
