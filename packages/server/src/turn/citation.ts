/** Where in a document the words stand that a reply rests on. `end` is exclusive. */
export type Citation = DocumentCitation | SearchResultCitation | WebSearchCitation;

export interface DocumentCitation {
  /** What `start` and `end` count: characters, pages from 1, or blocks from 0. */
  readonly type: "char_location" | "page_location" | "content_block_location";
  readonly citedText: string;
  readonly documentIndex: number;
  readonly documentTitle: string | null;
  readonly fileId: string | null;
  readonly start: number;
  readonly end: number;
}

export interface SearchResultCitation {
  readonly type: "search_result_location";
  readonly citedText: string;
  readonly searchResultIndex: number;
  readonly source: string;
  readonly title: string | null;
  /** Blocks, from 0. */
  readonly start: number;
  readonly end: number;
}

/** Of a page that a web search of the server found. */
export interface WebSearchCitation {
  readonly type: "web_search_result_location";
  readonly citedText: string;
  readonly url: string;
  readonly title: string | null;
  /** Among all pages that the conversation's searches found. */
  readonly resultIndex: number;
  /** Characters of the page's text, which only the server reads. */
  readonly start: number;
  readonly end: number;
}
