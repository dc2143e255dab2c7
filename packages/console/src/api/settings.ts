import { DataRetention, type DataRetentionUpdateRequest, Workspace, type WorkspaceUpdateRequest } from "@parley/wire";
import { queryOptions } from "@tanstack/react-query";
import { call } from "./call.ts";

const PATH = "/v1/organizations/workspaces";

export const DATA_RETENTION = ["data-retention"] as const;

const retentionPath = (id: string): string => `${PATH}/${encodeURIComponent(id)}/data_retention`;

export const dataRetentionQuery = (workspaceId: string) =>
  queryOptions({
    queryKey: [...DATA_RETENTION, workspaceId],
    queryFn: ({ signal }) => call(DataRetention, retentionPath(workspaceId), { signal }),
  });

export const setDataRetention = (workspaceId: string, body: DataRetentionUpdateRequest) =>
  call(DataRetention, retentionPath(workspaceId), { method: "POST", body });

export const setDataResidency = (workspaceId: string, residency: NonNullable<WorkspaceUpdateRequest["data_residency"]>) =>
  call(Workspace, `${PATH}/${encodeURIComponent(workspaceId)}`, { method: "POST", body: { data_residency: residency } });
