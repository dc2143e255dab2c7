import { LoggedRequest, LoggedRequestPage, type RequestStatus } from "@parley/wire";
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { call } from "./call.ts";

const PATH = "/v1/organizations/requests";
const PAGE_SIZE = 200;
const LIVE_MS = 15_000;

export interface RequestFilter {
  /** RFC 3339; null: from the beginning. */
  readonly from: string | null;
  readonly model: string | null;
  readonly apiKeyId: string | null;
  readonly workspaceId: string | null;
  readonly status: RequestStatus | null;
}

export const requestsQuery = ({ from, model, apiKeyId, workspaceId, status }: RequestFilter) =>
  infiniteQueryOptions({
    queryKey: ["requests", from, model, apiKeyId, workspaceId, status],
    queryFn: ({ pageParam, signal }) => {
      const filters = { "models[]": model, "api_key_ids[]": apiKeyId, "workspace_ids[]": workspaceId, status, starting_at: from };
      return call(LoggedRequestPage, PATH, { query: { limit: PAGE_SIZE, page: pageParam, ...filters }, signal });
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_page,
    // New ones come by themselves until somebody reads on. What another node did nobody tells.
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? false : LIVE_MS),
    // Comparing hundreds of pages for each new one would be felt.
    structuralSharing: false,
  });

export const requestQuery = (id: string) =>
  queryOptions({
    queryKey: ["request", id],
    queryFn: ({ signal }) => call(LoggedRequest, `${PATH}/${encodeURIComponent(id)}`, { signal }),
  });
