import { z } from "zod";
import { askProvider } from "./ask-provider.ts";
import { type ProviderAddress, type SearchProvider, toApiUrl } from "./search-provider.ts";

const Reply = z.object({
  results: z.array(
    z.object({
      url: z.string(),
      title: z.string().nullish(),
      content: z.string().nullish(),
      published_date: z.string().nullish(),
    }),
  ),
});

const RESULTS_MAX = 20;

export function createTavily(at: ProviderAddress & { readonly apiKey: string }): SearchProvider {
  return {
    async search({ query, allowedDomains, blockedDomains, location, resultsMax, signal }) {
      const hosts = (domains: readonly string[]) => domains.map((domain) => domain.split("/")[0]);
      const body = {
        query,
        max_results: Math.min(resultsMax, RESULTS_MAX),
        ...(allowedDomains === null ? {} : { include_domains: hosts(allowedDomains) }),
        // A path that is blocked does not block its host.
        ...(blockedDomains.length === 0 ? {} : { exclude_domains: blockedDomains.filter((domain) => !domain.includes("/")) }),
        ...(location?.country ? { country: nameOf(location.country) } : {}),
      };
      const address = toApiUrl(at, "search");
      const headers = { authorization: `Bearer ${at.apiKey}`, "content-type": "application/json" };
      const { results } = await askProvider(
        at.egress,
        address.href,
        { method: "POST", headers, body: JSON.stringify(body), signal },
        Reply,
      );
      return results.map((each) => ({
        url: each.url,
        title: each.title ?? each.url,
        text: each.content ?? "",
        pageAge: each.published_date ?? null,
      }));
    },
  };
}

/** Tavily names countries in English and in lower case. */
function nameOf(country: string): string {
  return (new Intl.DisplayNames(["en"], { type: "region" }).of(country.toUpperCase()) ?? country).toLowerCase();
}
