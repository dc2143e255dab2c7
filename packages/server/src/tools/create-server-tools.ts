import { isIP } from "node:net";
import type { TurnTaker } from "../platform/take-turns.ts";
import { createEgress, createEgressPolicy, type Egress } from "../egress/index.ts";
import type { ResolvedAddress } from "../egress/egress-policy.ts";
import type { Clock } from "../platform/clock.ts";
import type { Config } from "../platform/config.ts";
import type { ServerTools } from "./server-tool.ts";
import { createCodeExecution } from "./code-execution/create-code-execution.ts";
import type { CodeRunner } from "./code-execution/create-code-runner.ts";
import { createToolSearch } from "./tool-search/create-tool-search.ts";
import { createWebFetch } from "./web-fetch/create-web-fetch.ts";
import { createBrave } from "./web-search/brave.ts";
import { createLocalSearch, type SearchIndex } from "./web-search/local.ts";
import { createSearxng } from "./web-search/searxng.ts";
import { createTavily } from "./web-search/tavily.ts";
import { createWebSearch } from "./web-search/create-web-search.ts";
import type { ProviderAddress, SearchProvider } from "./web-search/search-provider.ts";

export interface ServerToolDeps {
  readonly config: Pick<Config, "web_search" | "web_fetch">;
  /** For addresses that conversations give. */
  readonly egress: Egress;
  readonly resolve: (host: string) => Promise<readonly ResolvedAddress[]>;
  /** Bounds the processes and threads that read pages and documents at once. */
  readonly turns: TurnTaker;
  /** The operator's own documents. */
  readonly searchIndex: SearchIndex;
  readonly sealSearch: (workspaceId: string, text: string) => string;
  readonly clock: Clock;
  readonly code: Parameters<typeof createCodeExecution>[1] & { readonly runner: CodeRunner };
}

/** The tools that this server runs, as the operator has configured them. */
export function createServerTools({
  config,
  egress,
  resolve,
  turns,
  searchIndex,
  sealSearch,
  clock,
  code,
}: ServerToolDeps): ServerTools {
  const { max_results: resultsMax, page_characters: pageMaxCharacters } = config.web_search;
  const provider = createProvider(config.web_search, { resolve, searchIndex });
  const { enabled: isEnabled, max_content_tokens: contentMaxTokens } = config.web_fetch;
  return {
    web_search: createWebSearch({ provider, resultsMax, pageMaxCharacters, seal: sealSearch }),
    web_fetch: createWebFetch({ egress, turns, clock, isEnabled, contentMaxTokens }),
    tool_search_tool_regex: createToolSearch("regex"),
    tool_search_tool_bm25: createToolSearch("words"),
    ...createCodeExecution(code.runner, code),
  };
}

function createProvider(
  config: Config["web_search"],
  { resolve, searchIndex }: Pick<ServerToolDeps, "resolve" | "searchIndex">,
): SearchProvider | null {
  const { provider, api_key: apiKey } = config;
  const at = (own: string): ProviderAddress => {
    const url = config.url ?? own;
    return { url, egress: egressTo(url, resolve) };
  };
  switch (provider) {
    case "none":
      return null;
    case "searxng":
      return createSearxng(at("http://127.0.0.1:8080"));
    case "brave":
      return createBrave({ ...at("https://api.search.brave.com"), apiKey: apiKey ?? "" });
    case "tavily":
      return createTavily({ ...at("https://api.tavily.com"), apiKey: apiKey ?? "" });
    case "local":
      return createLocalSearch(searchIndex);
    default:
      return provider satisfies never;
  }
}

/** A way to one service that the operator has named, on whatever address, and to nothing else: not where it redirects to. */
function egressTo(url: string, resolve: ServerToolDeps["resolve"]): Egress {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const allow = isIP(host) === 0 ? [`${host}:${port === "" ? (protocol === "https:" ? 443 : 80) : port}`] : [host];
  return createEgress(createEgressPolicy({ allow, isPublicReached: false, resolve }));
}
