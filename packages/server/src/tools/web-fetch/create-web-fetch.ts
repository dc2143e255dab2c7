import { WebFetchErrorCode, type WebFetchToolParam, type WebFetchToolResultBlock } from "@parley/wire";
import type { TurnTaker } from "../../platform/take-turns.ts";
import type { Egress } from "../../egress/index.ts";
import type { Clock } from "../../platform/clock.ts";
import { passesDomains } from "../domain-filter.ts";
import { type ServerTool, ServerToolError } from "../server-tool.ts";
import { fetchPage } from "./fetch-page.ts";
import { createPageReader } from "./create-page-reader.ts";
import { createPageCache } from "./page-cache.ts";
import { toSameUrl, urlsInContext } from "./urls-in-context.ts";

export interface WebFetchOptions {
  readonly egress: Egress;
  readonly turns: TurnTaker;
  readonly clock: Clock;
  /** Off: the tool says `unavailable`. */
  readonly isEnabled: boolean;
  /** Of a page's text, where the request does not say: what fits into a small model's context. */
  readonly contentMaxTokens: number;
}

/** As on the platform. */
const URL_MAX_CHARACTERS = 250;
/** English text; the limit is approximate, in the platform's words too. */
const CHARACTERS_PER_TOKEN = 4;

export function createWebFetch({
  egress,
  turns,
  clock,
  isEnabled,
  contentMaxTokens,
}: WebFetchOptions): ServerTool<WebFetchToolParam> {
  const cache = createPageCache(clock);
  const pages = createPageReader();
  return {
    counts: "web-fetch",
    async run({ id, input, definition, turn, signal }): Promise<WebFetchToolResultBlock> {
      const { url } = input;
      if (!isEnabled) throw new ServerToolError("unavailable", "web_fetch is turned off");
      if (typeof url !== "string" || !URL.canParse(url)) throw new ServerToolError("invalid_tool_input", "no address");
      if (url.length > URL_MAX_CHARACTERS) throw new ServerToolError("url_too_long", `${url.length} characters`);
      if (!passesDomains(url, definition)) throw new ServerToolError("url_not_allowed", "its domain is not allowed");
      if (!urlsInContext(turn, definition.url_sources).has(toSameUrl(url) ?? "")) {
        throw new ServerToolError("url_not_in_prior_context", "nobody but the model has named it");
      }
      const mayUseCache = !("use_cache" in definition && definition.use_cache === false) && !turn.keepsNothing;
      const cached = mayUseCache ? cache.get(turn.workspaceId, url) : null;
      const mayFollow = (target: string) => passesDomains(target, definition);
      const { workspaceId } = turn;
      const page =
        cached ?? (await fetchPage(egress, url, { nowMs: () => clock.nowMs(), mayFollow, workspaceId, turns, pages, signal }));
      // One from the cache may have been fetched for a tool that allowed more.
      if (!passesDomains(page.url, definition))
        throw new ServerToolError("url_not_allowed", "it redirects to a domain that is not allowed");
      if (cached === null && !turn.keepsNothing) cache.put(turn.workspaceId, url, page);
      const maxCharacters = (definition.max_content_tokens ?? contentMaxTokens) * CHARACTERS_PER_TOKEN;
      return {
        type: "web_fetch_tool_result",
        tool_use_id: id,
        content: {
          type: "web_fetch_result",
          url: page.url,
          content: {
            type: "document",
            source: { type: "text", media_type: "text/plain", data: page.text.slice(0, maxCharacters) },
            title: page.title,
            citations: definition.citations?.enabled ? { enabled: true } : null,
          },
          retrieved_at: new Date(page.retrievedAtMs).toISOString(),
        },
        caller: { type: "direct" },
      };
    },
    error: (id, code): WebFetchToolResultBlock => ({
      type: "web_fetch_tool_result",
      tool_use_id: id,
      content: { type: "web_fetch_tool_result_error", error_code: WebFetchErrorCode.catch("unavailable").parse(code) },
      caller: { type: "direct" },
    }),
  };
}
