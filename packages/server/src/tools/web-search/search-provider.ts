import type { Egress } from "../../egress/index.ts";

/** One page that a search found. */
export interface FoundPage {
  readonly url: string;
  readonly title: string;
  /** What of its text belongs to the query. */
  readonly text: string;
  /** When it was written, in the provider's words. */
  readonly pageAge: string | null;
}

export interface SearchQuery {
  readonly query: string;
  /** Hosts, perhaps with the beginning of a path; null is all. */
  readonly allowedDomains: readonly string[] | null;
  readonly blockedDomains: readonly string[];
  readonly location: {
    readonly city: string | null;
    readonly region: string | null;
    /** Two letters. */
    readonly country: string | null;
    readonly timezone: string | null;
  } | null;
  readonly resultsMax: number;
  readonly signal: AbortSignal;
}

/** Where a provider is asked. */
export interface ProviderAddress {
  readonly egress: Egress;
  /** Of the service; its API's paths come after it. */
  readonly url: string;
}

/** An address of a provider's API. */
export function toApiUrl({ url }: ProviderAddress, path: string): URL {
  return new URL(path, url.endsWith("/") ? url : `${url}/`);
}

/** Throws `ServerToolError`. */
export interface SearchProvider {
  search(query: SearchQuery): Promise<readonly FoundPage[]>;
}
