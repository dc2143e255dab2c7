import { ApiKey, ApiKeyPage, ConsoleApiKeyCreated, type ConsoleApiKeyCreateRequest } from "@parley/wire";
import { infiniteQueryOptions } from "@tanstack/react-query";
import { call } from "./call.ts";

const PATH = "/v1/organizations/api_keys";
const PAGE_SIZE = 50;

export interface ApiKeyFilter {
  readonly workspaceId: string | null;
  readonly status: string | null;
}

export const API_KEYS = ["api-keys"] as const;

export const apiKeysQuery = ({ workspaceId, status }: ApiKeyFilter) =>
  infiniteQueryOptions({
    queryKey: [...API_KEYS, workspaceId, status],
    queryFn: ({ pageParam, signal }) =>
      call(ApiKeyPage, PATH, { query: { limit: PAGE_SIZE, after_id: pageParam, workspace_id: workspaceId, status }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.has_more ? page.last_id : null),
  });

export const createApiKey = (body: ConsoleApiKeyCreateRequest) =>
  call(ConsoleApiKeyCreated, "/console/api/api-keys", { method: "POST", body });

export const updateApiKey = (
  id: string,
  body: { readonly name?: string; readonly status?: "active" | "inactive" | "archived" },
) => call(ApiKey, `${PATH}/${encodeURIComponent(id)}`, { method: "POST", body });
