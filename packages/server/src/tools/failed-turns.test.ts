import { afterEach, beforeEach, expect, test } from "vitest";
import { BODY, post, until } from "../doors/testing/start-test-server.ts";
import { end, pause, type Script, start, toolBlock } from "../doors/testing/scripted-engine.ts";
import type { ServerTools } from "./server-tool.ts";
import { SEALS, startToolServer } from "./testing/start-tool-server.ts";
import { createWebSearch } from "./web-search/create-web-search.ts";
import type { SearchQuery } from "./web-search/search-provider.ts";

/** Searches that are done at once, but for the one that never ends. */
const ENDLESS = "endless";

let server: Awaited<ReturnType<typeof startToolServer>>;
let asked: string[] = [];

beforeEach(async () => {
  asked = [];
  const provider = {
    async search({ query, signal }: SearchQuery) {
      asked.push(query);
      if (query === ENDLESS) await pause(60_000, signal);
      return [];
    },
  };
  const webSearch = createWebSearch({
    provider,
    resultsMax: 5,
    pageMaxCharacters: 500,
    seal: (id, text) => SEALS.sign(id, text),
  });
  server = await startToolServer({ web_search: webSearch } as unknown as ServerTools);
});
afterEach(() => server.close());

const searches = (...queries: readonly string[]): Script =>
  async function* () {
    yield start;
    for (const [at, query] of queries.entries()) yield* toolBlock(at, "web_search", JSON.stringify({ query }));
    yield end({ stopReason: "tool_use" });
  };

/** Begins a streamed turn; returns how its client leaves. */
function begin(): () => void {
  const leaving = new AbortController();
  const body = { ...BODY, stream: true, tools: [{ type: "web_search_20250305", name: "web_search" }] };
  const reply = post(server, "/v1/messages", body, { signal: leaving.signal }).then((response) => response.text());
  reply.catch(() => {});
  return () => leaving.abort();
}

test("what was searched before the client left is billed", async () => {
  const begun = Promise.withResolvers<void>();
  server.playSteps(searches("frogs"), async function* (_turn, signal) {
    yield start;
    begun.resolve();
    await pause(60_000, signal);
  });
  const leave = begin();
  await begun.promise;
  leave();
  await until(() => server.rows.length > 0);
  expect(server.rows[0]).toMatchObject({ outcome: "client_closed", usage: { serverToolUse: { webSearchRequests: 1 } } });
  expect(server.rows[0]?.bill.cost.webSearch).toBe(10_000_000n);
});

test("of searches that run together those that were done before the client left are billed", async () => {
  // The second is done while the first is waited for.
  server.playSteps(searches(ENDLESS, "toads"));
  const leave = begin();
  await until(() => asked.length === 2);
  leave();
  await until(() => server.rows.length > 0);
  expect(server.rows[0]?.usage.serverToolUse).toEqual({ webSearchRequests: 1, webFetchRequests: 0 });
});

test("what was searched before the engine failed is billed", async () => {
  server.playSteps(searches("frogs"), () => {
    throw new Error("the engine died");
  });
  begin();
  await until(() => server.rows.length > 0);
  expect(server.rows[0]).toMatchObject({ outcome: "api_error", usage: { serverToolUse: { webSearchRequests: 1 } } });
});
