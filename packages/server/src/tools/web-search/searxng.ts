import { z } from "zod";
import { askProvider, withSites } from "./ask-provider.ts";
import { type ProviderAddress, type SearchProvider, toApiUrl } from "./search-provider.ts";

const Reply = z.object({
  results: z.array(
    z.object({
      url: z.string(),
      title: z.string().nullish(),
      content: z.string().nullish(),
      publishedDate: z.string().nullish(),
    }),
  ),
});

/** A SearXNG of the operator's own; its `settings.yml` must list `json` among `search.formats`. */
export function createSearxng(at: ProviderAddress): SearchProvider {
  return {
    async search({ query, allowedDomains, location, resultsMax, signal }) {
      const address = toApiUrl(at, "search");
      address.searchParams.set("q", withSites(query, allowedDomains));
      address.searchParams.set("format", "json");
      if (location?.country) address.searchParams.set("language", languageOf(location.country));
      const { results } = await askProvider(at.egress, address.href, { signal }, Reply);
      return results.slice(0, resultsMax).map((each) => ({
        url: each.url,
        title: each.title ?? each.url,
        text: each.content ?? "",
        pageAge: each.publishedDate ?? null,
      }));
    },
  };
}

/** SearXNG names regions by their language: `fr-FR` for France. */
function languageOf(country: string): string {
  return `${new Intl.Locale(`und-${country.toUpperCase()}`).maximize().language}-${country.toUpperCase()}`;
}
