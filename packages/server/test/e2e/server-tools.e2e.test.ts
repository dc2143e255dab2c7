import Anthropic from "@anthropic-ai/sdk";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { says, startMcpServer, tool } from "../../src/tools/testing/start-mcp-server.ts";
import { HALF, type RunningParley, startParley } from "../support/start-parley.ts";

/** A search server in SearXNG's words, and a page, on loopback: the operator lists it. */
let web: Server;
let url: string;
let folder: string;
let parley: RunningParley;
let client: Anthropic;
const asked: string[] = [];

beforeAll(async () => {
  web = createServer((request, response) => {
    const address = new URL(request.url ?? "", url);
    asked.push(address.pathname);
    if (address.pathname === "/search") {
      const page = { url: `${url}/frogs`, title: "Frogs of Norway", content: FROGS };
      response.setHeader("content-type", "application/json").end(JSON.stringify({ results: [page] }));
    } else response.setHeader("content-type", "text/html").end(`<title>Frogs</title><p>${FROGS}</p>`);
  });
  web.listen(0, "127.0.0.1");
  await once(web, "listening");
  url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  folder = await mkdtemp(join(tmpdir(), "parley-tools-"));
  const file = join(folder, "parley.yaml");
  await writeFile(file, `web_search: { provider: searxng, url: "${url}" }\negress: { allow: ["127.0.0.1"] }\n`);
  parley = await startParley({ model: HALF, env: { PARLEY_THREADS: "1", PARLEY_DEFAULT_TEMPERATURE: "0", PARLEY_CONFIG: file } });
  client = new Anthropic({ apiKey: parley.apiKey, baseURL: parley.url, maxRetries: 0 });
});
afterAll(async () => {
  await parley?.[Symbol.asyncDispose]();
  web.close();
  await rm(folder, { recursive: true, force: true });
});

const MODEL = "claude-haiku-4-5";
const FROGS = "The moor frog of Norway is blue in April.";
const citationsOf = ({ content }: Anthropic.Message) =>
  content.flatMap((block) => (block.type === "text" ? (block.citations ?? []) : []));

test("real weights search, and write on after the result", async () => {
  const message = await client.messages
    .stream({
      model: MODEL,
      max_tokens: 200,
      tools: [{ type: "web_search_20250305", name: "web_search", max_uses: 1 }],
      tool_choice: { type: "tool", name: "web_search" },
      messages: [{ role: "user", content: "Which colour has the moor frog of Norway in April? Search the web." }],
    })
    .finalMessage();
  expect(message.content.slice(0, 2)).toMatchObject([
    { type: "server_tool_use", input: { query: expect.any(String) } },
    { type: "web_search_tool_result", content: [{ url: `${url}/frogs` }] },
  ]);
  expect(message.usage.server_tool_use?.web_search_requests).toBe(1);
  // What so small a model makes of the page is not promised; that what it cites stands there is.
  expect(message.content.at(-1)).toMatchObject({ type: "text", text: expect.stringMatching(/\S/) });
  for (const citation of citationsOf(message)) {
    expect(citation).toEqual({
      type: "web_search_result_location",
      cited_text: FROGS,
      url: `${url}/frogs`,
      title: "Frogs of Norway",
      encrypted_index: expect.stringMatching(/^[A-Za-z0-9+/]{40,}=*$/),
    });
  }
});

test("real weights fetch the page that the user names, and nothing else", async () => {
  const message = await client.messages.create({
    model: MODEL,
    max_tokens: 200,
    tools: [{ type: "web_fetch_20250910", name: "web_fetch", max_uses: 1, citations: { enabled: true } }],
    tool_choice: { type: "tool", name: "web_fetch" },
    messages: [{ role: "user", content: `Fetch ${url}/frogs and tell me which colour the frog has.` }],
  });
  expect(message.content[1]).toMatchObject({ type: "web_fetch_tool_result", content: { url: `${url}/frogs` } });
  expect(asked).toContain("/frogs");
  const page = message.content[1]?.type === "web_fetch_tool_result" ? message.content[1].content : null;
  const source = page?.type === "web_fetch_result" ? page.content.source : null;
  for (const citation of citationsOf(message)) {
    if (citation.type !== "char_location" || source?.type !== "text") throw new Error("a citation of another kind");
    expect(citation.cited_text).toBe(source.data.slice(citation.start_char_index, citation.end_char_index));
  }
});

test("real weights call an MCP server's tool", async () => {
  const mcp = await startMcpServer({
    list: () => ({ result: { tools: [tool("weather")] } }),
    call: () => says("It is 21 degrees."),
  });
  const message = await client.beta.messages.create({
    model: MODEL,
    max_tokens: 100,
    betas: ["mcp-client-2025-11-20"],
    mcp_servers: [{ type: "url", name: "town", url: mcp.url }],
    tools: [{ type: "mcp_toolset", mcp_server_name: "town" }],
    tool_choice: { type: "tool", name: "town_weather" },
    messages: [{ role: "user", content: "How warm is it in town?" }],
  });
  mcp.close();
  expect(message.content.slice(0, 2)).toMatchObject([
    { type: "mcp_tool_use", name: "weather", server_name: "town" },
    { type: "mcp_tool_result", is_error: false, content: [{ text: "It is 21 degrees." }] },
  ]);
  // So small a model may well ask again, until its tokens are used up.
  expect(message.usage.output_tokens).toBeGreaterThan(0);
});

test("real weights find a deferred tool", async () => {
  const message = await client.messages.create({
    model: MODEL,
    max_tokens: 200,
    tools: [
      { type: "tool_search_tool_bm25_20251119", name: "tool_search_tool_bm25" },
      {
        name: "get_weather",
        description: "The weather of a city.",
        input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
        defer_loading: true,
      },
    ],
    tool_choice: { type: "tool", name: "tool_search_tool_bm25" },
    messages: [{ role: "user", content: "What is the weather in Oslo? Search for a weather tool first." }],
  });
  expect(message.content[1]).toMatchObject({
    type: "tool_search_tool_result",
    content: { tool_references: [{ tool_name: "get_weather" }] },
  });
});
