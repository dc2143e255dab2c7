import type { Clock } from "../../platform/clock.ts";
import type { FetchedPage } from "./fetch-page.ts";

/** Pages that were fetched a moment ago. A workspace never sees what another has fetched, not by its time either. */
export interface PageCache {
  get(workspaceId: string, url: string): FetchedPage | null;
  put(workspaceId: string, url: string, page: FetchedPage): void;
}

const KEPT_MS = 15 * 60_000;
const KEPT_MAX_CHARACTERS = 64 * 1024 ** 2;

export function createPageCache(clock: Clock): PageCache {
  const pages = new Map<string, { readonly page: FetchedPage; readonly atMs: number }>();
  let characters = 0;
  const keyOf = (workspaceId: string, url: string) => `${workspaceId}\n${url}`;
  const drop = (key: string): void => {
    characters -= pages.get(key)?.page.text.length ?? 0;
    pages.delete(key);
  };
  return {
    get(workspaceId, url) {
      const key = keyOf(workspaceId, url);
      const entry = pages.get(key);
      if (entry === undefined) return null;
      if (clock.monotonicMs() - entry.atMs < KEPT_MS) return entry.page;
      drop(key);
      return null;
    },
    put(workspaceId, url, page) {
      const key = keyOf(workspaceId, url);
      drop(key);
      pages.set(key, { page, atMs: clock.monotonicMs() });
      characters += page.text.length;
      for (const oldest of pages.keys()) {
        if (characters <= KEPT_MAX_CHARACTERS) break;
        drop(oldest);
      }
    },
  };
}
