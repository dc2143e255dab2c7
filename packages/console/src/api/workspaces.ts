import { type ConsoleWorkspace, ConsoleWorkspaceList, Workspace, WorkspacePage } from "@parley/wire";
import { queryOptions, useQuery } from "@tanstack/react-query";
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

const ownWorkspacesQuery = queryOptions({
  queryKey: [...WORKSPACES, "own"],
  queryFn: async ({ signal }) => (await call(ConsoleWorkspaceList, "/console/api/workspaces", { signal })).data,
});

/** Those that the person may see, newest first and the default one last. */
export function useWorkspaces(): readonly ConsoleWorkspace[] {
  const { data } = useQuery(ownWorkspacesQuery);
  return data ?? [];
}

export const createWorkspace = (name: string) => call(Workspace, PATH, { method: "POST", body: { name } });

export const updateWorkspace = (id: string, name: string) =>
  call(Workspace, `${PATH}/${encodeURIComponent(id)}`, { method: "POST", body: { name } });

export const archiveWorkspace = (id: string) => call(Workspace, `${PATH}/${encodeURIComponent(id)}/archive`, { method: "POST" });
