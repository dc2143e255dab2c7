import { ConsoleWorkspaceList } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";

export const consoleWorkspaces = defineEndpoint({
  name: "console-workspaces",
  summary: "The workspaces that the signed-in person may see",
  method: "GET",
  path: "/console/api/workspaces",
  permission: "session",
  reply: { schema: ConsoleWorkspaceList },
  async handle({ session }, { accounts }) {
    const workspaces = await accounts.workspacesOf(session);
    return {
      kind: "json",
      headers: { "cache-control": "no-store" },
      body: {
        data: workspaces.map(({ id, name, isDefault, mayUseModels }) => ({
          type: "console_workspace",
          id,
          name,
          is_default: isDefault,
          may_use_models: mayUseModels,
        })),
      },
    };
  },
});
