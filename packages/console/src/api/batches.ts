import { DeletedMessageBatch, MessageBatch, MessageBatchPage, MessageBatchProgress } from "@parley/wire";
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { call, send } from "./call.ts";

const PATH = "/v1/messages/batches";
const PAGE_SIZE = 50;
const LIVE_MS = 4_000;
const PROGRESS_MS = 2_000;

export const BATCHES = ["batches"] as const;

const pathOf = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;

export const batchesQuery = (workspaceId: string | null) =>
  infiniteQueryOptions({
    queryKey: [...BATCHES, workspaceId],
    queryFn: ({ pageParam, signal }) =>
      call(MessageBatchPage, PATH, { query: { limit: PAGE_SIZE, after_id: pageParam }, workspaceId, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.has_more ? page.last_id : null),
    refetchInterval: LIVE_MS,
  });

/** While it is under way the batch itself tells no counts. */
export const batchProgressQuery = ({ id, processing_status: status }: MessageBatch, workspaceId: string | null) =>
  queryOptions({
    queryKey: [...BATCHES, workspaceId, "progress", id, status],
    queryFn: ({ signal }) => call(MessageBatchProgress, `${pathOf(id)}/progress`, { workspaceId, signal }),
    refetchInterval: PROGRESS_MS,
    enabled: status !== "ended",
  });

export const cancelBatch = (id: string, workspaceId: string | null) =>
  call(MessageBatch, `${pathOf(id)}/cancel`, { method: "POST", workspaceId });

export const deleteBatch = (id: string, workspaceId: string | null) =>
  call(DeletedMessageBatch, pathOf(id), { method: "DELETE", workspaceId });

export const readBatchResults = async (id: string, workspaceId: string | null): Promise<Blob> =>
  (await send(`${pathOf(id)}/results`, { workspaceId })).blob();
