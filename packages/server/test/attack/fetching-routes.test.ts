import type Anthropic from "@anthropic-ai/sdk";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMediaFetcher } from "../../src/documents/create-media-fetcher.ts";
import { createMediaReader } from "../../src/documents/read-media.ts";
import { createScriptedEngine, end, scripted, start, textBlock, toolBlock } from "../../src/doors/testing/scripted-engine.ts";
import { BODY, KEY } from "../../src/doors/testing/start-test-server.ts";
import { createEgress, createEgressPolicy } from "../../src/egress/index.ts";
import { HOSTILE_NAMES, ssrfCorpus, toLocation } from "../../src/egress/testing/ssrf-corpus.ts";
import { createModelRegistry } from "../../src/models/model-registry.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { countAttacks, sampled } from "../../src/platform/testing/count-attacks.ts";
import { createTurnTaker } from "../../src/platform/take-turns.ts";
import type { ServerTools } from "../../src/tools/server-tool.ts";
import { mcpParams } from "../../src/tools/testing/mcp-steps.ts";
import { startToolServer } from "../../src/tools/testing/start-tool-server.ts";
import { createWebFetch } from "../../src/tools/web-fetch/create-web-fetch.ts";

/** The one address of this machine that the operator lists. */
const GATE = "127.0.0.2";
/** `npm test` tries each so many-th address a way; `npm run attack` all. */
const SAMPLE_EVERY = 9;
const AT_ONCE = 8;

let server: Awaited<ReturnType<typeof startToolServer>>;
let inside: Server[];
let gate: Server;
let corpus: readonly string[];
let reached: string[] = [];
/** What was asked of the gate. */
let asked: string[] = [];

beforeAll(async () => {
  const forbidden: RequestListener = (request, response) => {
    reached.push(`${request.headers.host}${request.url}`);
    response.end("inside");
  };
  const first = await listen(forbidden, "127.0.0.1");
  const port = (first.address() as AddressInfo).port;
  inside = [first, await listen(forbidden, "::1", port)];
  corpus = ssrfCorpus(port).map(({ url }) => url);
  gate = await listen((request, response) => {
    asked.push(request.url ?? "");
    const [, kind, at] = (request.url ?? "").split("/");
    const url = corpus[Number(at)] ?? "";
    if (kind === "to") response.writeHead(302, { location: toLocation(url) }).end();
    // An MCP server of the older kind: it says where messages are to be posted.
    else if (kind === "endpoint" && request.method === "GET") {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(`event: endpoint\ndata: ${oneLine(url)}\n\n`);
    } else response.writeHead(404).end();
  }, GATE);

  const resolve = async (host: string) => (HOSTILE_NAMES[host] ?? []).map((address) => ({ address, family: 4 as const }));
  const egress = createEgress(createEgressPolicy({ allow: [GATE], isPublicReached: true, resolve }));
  const turns = createTurnTaker(2);
  const webFetch = createWebFetch({ egress, turns, clock: systemClock, isEnabled: true, contentMaxTokens: 1_000 });
  const media = createMediaReader({
    fetchMedia: createMediaFetcher(egress),
    readImageText: async () => "",
    readImagePlaces: async () => [],
    turns,
  });
  // Pictures are fetched for models that are shown them, or their text.
  const models = createModelRegistry({ mapping: { haiku: "tiny" }, vision: "ocr", engine: createScriptedEngine() });
  server = await startToolServer({ web_fetch: webFetch } as ServerTools, {}, { media, models }, { egress });
  server.engine.play((turn, signal) => {
    const [first] = turn.messages[0]?.content ?? [];
    const isFirstStep = turn.messages.length === 1 && first?.type === "text" && first.text.startsWith("See ");
    const call = () =>
      toolBlock(0, "web_fetch", JSON.stringify({ url: first?.type === "text" ? first.text.slice(4).trim() : "" }));
    return scripted(isFirstStep ? [start, ...call(), end({ stopReason: "tool_use" })] : [start, ...textBlock(0, "Done."), end()])(
      turn,
      signal,
    );
  });
});
afterAll(async () => {
  await server?.close();
  for (const each of [...inside, gate]) {
    each.closeAllConnections();
    each.close();
  }
});

async function listen(handler: RequestListener, host: string, port = 0): Promise<Server> {
  const made = createServer(handler).listen(port, host);
  await once(made, "listening");
  return made;
}

const oneLine = (text: string): string => text.replaceAll(/[\r\n]/g, "");
const gateUrl = (path: string): string => `http://${GATE}:${(gate.address() as AddressInfo).port}${path}`;
const through = (kind: string) => (_url: string, at: number) => gateUrl(`/${kind}/${at}`);

type Block = Anthropic.ContentBlockParam;
const message = (...content: readonly Block[]) => ({
  ...(BODY as Anthropic.MessageCreateParamsNonStreaming),
  messages: [{ role: "user" as const, content: [...content] }],
});
const picture = (url: string): Anthropic.ImageBlockParam => ({ type: "image", source: { type: "url", url } });
const pdf = (url: string): Anthropic.DocumentBlockParam => ({ type: "document", source: { type: "url", url } });

/** Asks, and gives the status, of success or of a refusal. */
async function statusOf(made: Promise<unknown>): Promise<number> {
  return made.then(
    () => 200,
    (error: unknown) => (error as { status?: number }).status ?? 0,
  );
}

const ask = {
  document: (url: string) => server.client.messages.create(message(pdf(url))),
  picture: (url: string) => server.client.messages.create(message(picture(url))),
  count: (url: string) => server.client.messages.countTokens({ model: BODY.model, messages: message(picture(url)).messages }),
  toolResult: (url: string) =>
    server.client.messages.create({
      ...message(),
      messages: [
        { role: "user", content: "Go" },
        { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "look", input: {} }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: [pdf(url)] }] },
      ],
    }),
  openAi: async (url: string) => {
    const content = [{ type: "image_url", image_url: { url } }];
    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ model: BODY.model, max_tokens: 10, messages: [{ role: "user", content }] }),
    });
    await response.text();
    if (!response.ok) throw Object.assign(new Error("refused"), { status: response.status });
  },
  mcp: (url: string) => server.client.beta.messages.create(mcpParams(url)),
  webFetch: (url: string) =>
    server.client.messages.create({
      ...message({ type: "text", text: `See ${url}` }),
      tools: [{ type: "web_fetch_20250910", name: "web_fetch" }],
    }),
};

type Way = readonly [name: string, ask: (url: string) => Promise<unknown>, via?: (url: string, at: number) => string];
/** Every way in which an address of a client, of a model or of somebody's server comes to be fetched. */
const WAYS: readonly Way[] = [
  ["a document in a message", ask.document],
  ["a document behind a redirect", ask.document, through("to")],
  ["a document in a tool's result", ask.toolResult],
  ["a picture in a message", ask.picture],
  ["a picture behind a redirect", ask.picture, through("to")],
  ["a picture whose tokens are counted", ask.count],
  ["a picture of an OpenAI-shaped client", ask.openAi],
  ["a page that the model fetches", ask.webFetch],
  ["a page behind a redirect", ask.webFetch, through("to")],
  ["an MCP server", ask.mcp],
  ["an MCP server behind a redirect", ask.mcp, through("to")],
  ["an MCP server that has messages posted elsewhere", ask.mcp, through("endpoint")],
];

const OPTIONS = { tags: "attack-addresses", timeout: 60_000 };
test.for(WAYS)("nothing of this machine or its network is reached by %s", OPTIONS, async ([, tryOut, via], { task }) => {
  // The way does fetch: nothing below was refused for another reason.
  asked = [];
  await statusOf(tryOut(gateUrl("/seen")));
  expect(asked).toContain("/seen");

  reached = [];
  const tries = sampled([...corpus.entries()], SAMPLE_EVERY);
  const statuses = new Set<number>();
  for (let at = 0; at < tries.length; at += AT_ONCE) {
    const some = tries.slice(at, at + AT_ONCE).map(([index, url]) => statusOf(tryOut(via?.(url, index) ?? url)));
    for (const status of await Promise.all(some)) statuses.add(status);
  }
  countAttacks(task, tries.length, reached.length);
  expect(reached).toEqual([]);
  // Told as a refusal or as a tool's result, and never a failure of ours.
  expect([...statuses].filter((status) => status !== 200 && status !== 400)).toEqual([]);
});
