import { ConsoleWorkspaceList } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";

export const consoleWorkspaces = defineEndpoint({
  name: "console-workspaces",
  summary: "The workspaces that the signed-in person may see",
  method: "GET",
  path: "/console/api/workspaces",
  permission: "session",
  reply: { schema: ConsoleWorkspaceList },
  async handle({ session }, { accounts, dataPolicy }) {
    const workspaces = await accounts.workspacesOf(session);
    const data = workspaces.map(async ({ id, name, isDefault, mayUseModels }) => ({
      type: "console_workspace" as const,
      id,
      name,
      is_default: isDefault,
      may_use_models: mayUseModels,
      keeps_nothing: await dataPolicy.keepsNothing(id),
    }));
    return { kind: "json", headers: { "cache-control": "no-store" }, body: { data: await Promise.all(data) } };
  },
});
