import { WebSearchErrorCode, type WebSearchToolParam, type WebSearchToolResultBlock } from "@parley/wire";
import { passesDomains } from "../domain-filter.ts";
import { type ServerTool, ServerToolError } from "../server-tool.ts";
import type { SearchProvider, SearchQuery } from "./search-provider.ts";

export interface WebSearchOptions {
  /** Null: none is configured. */
  readonly provider: SearchProvider | null;
  readonly resultsMax: number;
  /** Of one page's text: what fits into a small model's context. */
  readonly pageMaxCharacters: number;
  /** Seals a page's text for a workspace: clients keep it, only we read it. */
  readonly seal: (workspaceId: string, text: string) => string;
}

const QUERY_MAX_CHARACTERS = 1_000;
/** Providers rank well enough that what is filtered out is made up for by the next ones. */
const ASKED_FOR_FACTOR = 2;

export function createWebSearch(options: WebSearchOptions): ServerTool<WebSearchToolParam> {
  const { provider, resultsMax, pageMaxCharacters, seal } = options;
  return {
    counts: "web-search",
    async run({ id, input, definition, turn, signal }): Promise<WebSearchToolResultBlock> {
      const query = input["query"];
      if (typeof query !== "string" || query.trim() === "") throw new ServerToolError("invalid_tool_input", "no query");
      if (query.length > QUERY_MAX_CHARACTERS) throw new ServerToolError("query_too_long", `${query.length} characters`);
      if (provider === null) throw new ServerToolError("unavailable", "no search provider is configured");
      const pages = await provider.search({
        query: query.trim(),
        allowedDomains: definition.allowed_domains ?? null,
        blockedDomains: definition.blocked_domains ?? [],
        location: toLocation(definition),
        resultsMax: resultsMax * ASKED_FOR_FACTOR,
        signal,
      });
      const kept = pages.filter(({ url }) => passesDomains(url, definition)).slice(0, resultsMax);
      return {
        type: "web_search_tool_result",
        tool_use_id: id,
        content: kept.map(({ url, title, text, pageAge }) => ({
          type: "web_search_result",
          url,
          title,
          encrypted_content: seal(turn.workspaceId, text.slice(0, pageMaxCharacters)),
          page_age: pageAge,
        })),
        caller: { type: "direct" },
      };
    },
    error: (id, code): WebSearchToolResultBlock => ({
      type: "web_search_tool_result",
      tool_use_id: id,
      content: {
        type: "web_search_tool_result_error",
        error_code: WebSearchErrorCode.catch("unavailable").parse(code),
      },
      caller: { type: "direct" },
    }),
  };
}

function toLocation({ user_location: location }: WebSearchToolParam): SearchQuery["location"] {
  if (!location) return null;
  const { city = null, region = null, country = null, timezone = null } = location;
  return { city, region, country, timezone };
}
