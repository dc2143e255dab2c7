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

/** Throws `ServerToolError`. */
export interface SearchProvider {
  search(query: SearchQuery): Promise<readonly FoundPage[]>;
}
