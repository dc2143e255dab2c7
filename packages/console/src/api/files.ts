import { DeletedFile, FileMetadata, FilePage } from "@parley/wire";
import { infiniteQueryOptions } from "@tanstack/react-query";
import { call, send } from "./call.ts";

const PATH = "/v1/files";
const PAGE_SIZE = 50;

export const FILES = ["files"] as const;

const pathOf = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;

export const filesQuery = (workspaceId: string | null) =>
  infiniteQueryOptions({
    queryKey: [...FILES, workspaceId],
    queryFn: ({ pageParam, signal }) =>
      call(FilePage, PATH, { query: { limit: PAGE_SIZE, page: pageParam }, workspaceId, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_page,
  });

export function uploadFile(file: File, workspaceId: string | null): Promise<FileMetadata> {
  const form = new FormData();
  form.set("file", file);
  return call(FileMetadata, PATH, { method: "POST", form, workspaceId });
}

export const deleteFile = (id: string, workspaceId: string | null) =>
  call(DeletedFile, pathOf(id), { method: "DELETE", workspaceId });

export const readFile = async (id: string, workspaceId: string | null): Promise<Blob> =>
  (await send(`${pathOf(id)}/content`, { workspaceId })).blob();
