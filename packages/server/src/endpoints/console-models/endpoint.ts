import { ConsoleModels } from "@parley/wire";
import { isAdministrator } from "../../sign-in/to-admin-principal.ts";
import { defineEndpoint } from "../define-endpoint.ts";

export const consoleModels = defineEndpoint({
  name: "console-models",
  summary: "The weights of this server, what is loaded, and what it takes",
  method: "GET",
  path: "/console/api/models",
  permission: "session",
  reply: { schema: ConsoleModels },
  async handle({ session }, { modelControl }) {
    const body = await modelControl.state({ isAdministrator: isAdministrator(session) });
    return { kind: "json", headers: { "cache-control": "no-store" }, body };
  },
});
