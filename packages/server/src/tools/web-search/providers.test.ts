import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createEgress, createEgressPolicy } from "../../egress/index.ts";
import type { ServerToolError } from "../server-tool.ts";
import { createBrave } from "./brave.ts";
import type { SearchProvider, SearchQuery } from "./search-provider.ts";
import { createSearxng } from "./searxng.ts";
import { createTavily } from "./tavily.ts";

/** Each provider's API on loopback, with replies in the form that its documentation and a running one give. */
let api: Server;
let url: string;
let seen: { readonly url: URL; readonly headers: Record<string, unknown>; readonly body: string }[] = [];
let answer: { status: number; body: string };

beforeEach(async () => {
  seen = [];
  api = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      seen.push({ url: new URL(request.url ?? "", url), headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
    });
  });
  api.listen(0, "127.0.0.1");
  await once(api, "listening");
  url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
});

afterEach(async () => {
  api.closeAllConnections();
  api.close();
  await once(api, "close");
});

const egress = createEgress(createEgressPolicy({ allow: ["127.0.0.1"], isPublicReached: false, resolve: async () => [] }));
const QUERY: SearchQuery = {
  query: "green frogs",
  allowedDomains: ["a.example", "b.example/c"],
  blockedDomains: [],
  location: { city: "Lyon", region: null, country: "FR", timezone: "Europe/Paris" },
  resultsMax: 10,
  signal: AbortSignal.timeout(5_000),
};

const PROVIDERS: readonly [name: string, make: () => SearchProvider, reply: unknown, asked: () => unknown, expected: unknown][] =
  [
    [
      "SearXNG",
      () => createSearxng({ egress, url }),
      {
        query: "green frogs",
        number_of_results: 0,
        results: [
          {
            url: "https://a.example/1",
            title: "One",
            content: "First.",
            engine: "x",
            publishedDate: "2026-01-02T00:00:00",
            score: 1,
          },
          { url: "https://b.example/2", title: null, content: null },
        ],
        unresponsive_engines: [],
      },
      () => [seen[0]?.url.pathname, Object.fromEntries(seen[0]?.url.searchParams ?? [])],
      ["/search", { q: "green frogs (site:a.example OR site:b.example/c)", format: "json", language: "fr-FR" }],
    ],
    [
      "Brave",
      () => createBrave({ egress, url, apiKey: "secret" }),
      {
        type: "search",
        web: {
          results: [
            { url: "https://a.example/1", title: "One", description: "First.", age: "2026-01-02T00:00:00", language: "en" },
            { url: "https://b.example/2", title: "https://b.example/2", description: "" },
          ],
        },
      },
      () => [
        seen[0]?.url.pathname,
        seen[0]?.url.searchParams.get("country"),
        seen[0]?.headers["x-subscription-token"],
        seen[0]?.headers["x-loc-city"],
      ],
      ["/res/v1/web/search", "FR", "secret", "Lyon"],
    ],
    [
      "Tavily",
      () => createTavily({ egress, url, apiKey: "secret" }),
      {
        query: "green frogs",
        results: [
          { url: "https://a.example/1", title: "One", content: "First.", score: 0.9, published_date: "2026-01-02T00:00:00" },
          { url: "https://b.example/2" },
        ],
        response_time: 1,
      },
      () => [seen[0]?.url.pathname, seen[0]?.headers["authorization"], JSON.parse(seen[0]?.body ?? "{}")],
      [
        "/search",
        "Bearer secret",
        { query: "green frogs", max_results: 10, include_domains: ["a.example", "b.example"], country: "france" },
      ],
    ],
  ];

test.each(PROVIDERS)("%s is asked in its own words, and its pages are read", async (_name, make, reply, asked, expected) => {
  answer = { status: 200, body: JSON.stringify(reply) };
  expect(await make().search(QUERY)).toEqual([
    { url: "https://a.example/1", title: "One", text: "First.", pageAge: "2026-01-02T00:00:00" },
    { url: "https://b.example/2", title: "https://b.example/2", text: "", pageAge: null },
  ]);
  expect(asked()).toEqual(expected);
});

test.each([
  [429, "{}", "too_many_requests"],
  [500, "{}", "unavailable"],
  [200, "<html>", "unavailable"],
  [200, '{"results":[{"title":"no address"}]}', "unavailable"],
  [302, "", "unavailable"],
])("an answer of %i with %j is the code %3$s", async (status, body, code) => {
  answer = { status, body };
  const error = (await createSearxng({ egress, url })
    .search(QUERY)
    .catch((each: unknown) => each)) as ServerToolError;
  expect(error.code).toBe(code);
});
