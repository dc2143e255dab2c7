import { ApiKey, ApiKeyPage, ConsoleApiKeyCreated, type ConsoleApiKeyCreateRequest, ConsoleApiKeyUses } from "@parley/wire";
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { call } from "./call.ts";

const PATH = "/v1/organizations/api_keys";
const PAGE_SIZE = 50;
/** What one question may be about. */
const USES_MAX = 100;

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

/** By the id of each key that was ever used, when it last was. */
export const apiKeyUsesQuery = (ids: readonly string[]) =>
  queryOptions({
    queryKey: [...API_KEYS, "uses", ids],
    queryFn: async ({ signal }) => {
      const pages = Array.from({ length: Math.ceil(ids.length / USES_MAX) }, (_, page) =>
        call(ConsoleApiKeyUses, "/console/api/api-key-uses", {
          query: { "api_key_ids[]": ids.slice(page * USES_MAX, (page + 1) * USES_MAX) },
          signal,
        }),
      );
      const uses = (await Promise.all(pages)).flatMap((page) => page.data);
      return new Map(uses.map((use) => [use.api_key_id, use.last_used_at]));
    },
    enabled: ids.length > 0,
    placeholderData: (before) => before,
  });

/** A key in the place of another, which goes on working for so long. */
export const rotateApiKey = (id: string, overlapHours: number) =>
  call(ConsoleApiKeyCreated, `/console/api/api-keys/${encodeURIComponent(id)}/rotate`, {
    method: "POST",
    body: { overlap_hours: overlapHours },
  });

export const updateApiKey = (
  id: string,
  body: { readonly name?: string; readonly status?: "active" | "inactive" | "archived" },
) => call(ApiKey, `${PATH}/${encodeURIComponent(id)}`, { method: "POST", body });
