import type { Clock } from "../../platform/clock.ts";
import { createSizedCache, ENTRY_WEIGHT } from "../../platform/sized-cache.ts";
import type { FetchedPage } from "./fetch-page.ts";

/** Pages that were fetched a moment ago. A workspace never sees what another has fetched, not by its time either. */
export interface PageCache {
  get(workspaceId: string, url: string): FetchedPage | null;
  put(workspaceId: string, url: string, page: FetchedPage): void;
}

const KEPT_MS = 15 * 60_000;
const KEPT_MAX_CHARACTERS = 64 * 1024 ** 2;

export function createPageCache(clock: Clock): PageCache {
  const cache = createSizedCache<FetchedPage>({
    maxWeight: KEPT_MAX_CHARACTERS,
    weigh: ({ text }, key) => ENTRY_WEIGHT + key.length + text.length,
    life: { clock, ms: KEPT_MS, since: "set" },
  });
  const keyOf = (workspaceId: string, url: string) => `${workspaceId}\n${url}`;
  return {
    get: (workspaceId, url) => cache.get(keyOf(workspaceId, url)) ?? null,
    put: (workspaceId, url, page) => cache.set(keyOf(workspaceId, url), page),
  };
}
