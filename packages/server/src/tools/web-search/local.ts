import type { FoundPage, SearchProvider } from "./search-provider.ts";

/** Finds the best passage of each document of the operator's own index. */
export type SearchIndex = (query: string, limit: number) => Promise<readonly IndexHit[]>;

interface IndexHit {
  readonly url: string;
  readonly title: string;
  readonly text: string;
  readonly addedAt: Date;
}

/** Domains are filtered from what was found, so more is asked for where there are any. */
const FILTERED_MAX = 200;

/** The operator's own documents, in the database of this server: `parley index add`. */
export function createLocalSearch(index: SearchIndex): SearchProvider {
  return {
    async search({ query, allowedDomains, blockedDomains, resultsMax }) {
      const isFiltered = allowedDomains !== null || blockedDomains.length > 0;
      const found = await index(query, isFiltered ? FILTERED_MAX : resultsMax);
      return found.map(({ url, title, text, addedAt }): FoundPage => ({
        url,
        title,
        text,
        pageAge: addedAt.toISOString().slice(0, 10),
      }));
    },
  };
}
