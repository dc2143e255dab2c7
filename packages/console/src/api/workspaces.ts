import { Workspace, WorkspacePage } from "@parley/wire";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { isAdministrator, useSession } from "../app/use-session.ts";
import { call } from "./call.ts";

const PATH = "/v1/organizations/workspaces";
const LIMIT_MAX = 1000;

export const WORKSPACES = ["workspaces"] as const;

/** The organization's workspaces, the default one among them; administrators only. */
export const workspacesQuery = queryOptions({
  queryKey: WORKSPACES,
  queryFn: async ({ signal }) =>
    (await call(WorkspacePage, PATH, { query: { limit: LIMIT_MAX, include_default: "true" }, signal })).data,
});

/** Empty for who may not see them: the server then takes the person's own. */
export function useWorkspaces(): readonly Workspace[] {
  const { data } = useQuery({ ...workspacesQuery, enabled: isAdministrator(useSession()) });
  return data ?? [];
}

export const createWorkspace = (name: string) => call(Workspace, PATH, { method: "POST", body: { name } });

export const updateWorkspace = (id: string, name: string) =>
  call(Workspace, `${PATH}/${encodeURIComponent(id)}`, { method: "POST", body: { name } });

export const archiveWorkspace = (id: string) => call(Workspace, `${PATH}/${encodeURIComponent(id)}/archive`, { method: "POST" });
