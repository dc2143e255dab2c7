import { z } from "zod";
import { askProvider, withSites } from "./ask-provider.ts";
import { type ProviderAddress, type SearchProvider, toApiUrl } from "./search-provider.ts";

const Reply = z.object({
  web: z
    .object({
      results: z.array(
        z.object({
          url: z.string(),
          title: z.string(),
          description: z.string().nullish(),
          extra_snippets: z.array(z.string()).nullish(),
          age: z.string().nullish(),
        }),
      ),
    })
    .nullish(),
});

const RESULTS_MAX = 20;

export function createBrave(at: ProviderAddress & { readonly apiKey: string }): SearchProvider {
  return {
    async search({ query, allowedDomains, location, resultsMax, signal }) {
      const address = toApiUrl(at, "res/v1/web/search");
      address.searchParams.set("q", withSites(query, allowedDomains));
      address.searchParams.set("count", String(Math.min(resultsMax, RESULTS_MAX)));
      address.searchParams.set("text_decorations", "false");
      if (location?.country) address.searchParams.set("country", location.country.toUpperCase());
      const places = {
        "x-loc-city": location?.city,
        "x-loc-state-name": location?.region,
        "x-loc-country": location?.country?.toUpperCase(),
        "x-loc-timezone": location?.timezone,
      };
      const headers = {
        accept: "application/json",
        "x-subscription-token": at.apiKey,
        ...Object.fromEntries(
          Object.entries(places).flatMap(([name, value]) => (value ? [[name, encodeURIComponent(value)]] : [])),
        ),
      };
      const { web } = await askProvider(at.egress, address.href, { headers, signal }, Reply);
      return (web?.results ?? []).map((each) => ({
        url: each.url,
        title: each.title,
        text: [each.description ?? "", ...(each.extra_snippets ?? [])].join("\n"),
        pageAge: each.age ?? null,
      }));
    },
  };
}
