import type Anthropic from "@anthropic-ai/sdk";
import type { WebFetchToolParam } from "@parley/wire";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BODY } from "../../doors/testing/start-test-server.ts";
import { end, scripted, start, textBlock, toolBlock } from "../../doors/testing/scripted-engine.ts";
import { makePdf } from "../../documents/testing/make-pdf.ts";
import { createTurnTaker } from "../../platform/take-turns.ts";
import { createEgress, createEgressPolicy } from "../../egress/index.ts";
import { HOSTILE_NAMES, ssrfCorpus } from "../../egress/testing/ssrf-corpus.ts";
import { systemClock } from "../../platform/clock.ts";
import { countAttacks } from "../../platform/testing/count-attacks.ts";
import type { Turn } from "../../turn/turn.ts";
import { createReplyContainer } from "../reply-container.ts";
import { type ServerTool, ServerToolError, type ServerTools } from "../server-tool.ts";
import { startToolServer } from "../testing/start-tool-server.ts";
import { createWebFetch } from "./create-web-fetch.ts";
import { createPageReader } from "./create-page-reader.ts";
import { urlsInContext } from "./urls-in-context.ts";

const ATTACK = { tags: "attack-addresses" };
const FETCH: Anthropic.WebFetchTool20250910 = { type: "web_fetch_20250910", name: "web_fetch" };
/** The one address of this machine that the operator lists. */
const SITE = "127.0.0.2";
const PARAGRAPH = "The common frog lays its eggs in early spring, in shallow and sunny water that does not flow. ".repeat(4);
const PAGE = `<!doctype html><html><head><title>Frogs</title><style>p{color:red}</style></head><body>
<nav><a href="/">Home</a><a href="/shop">Buy now</a></nav>
<article><h1>Frogs</h1><p>${PARAGRAPH}</p><p>They winter in mud.<br>Some do not.</p><script>alert("evil")</script></article>
<footer>All rights reserved</footer></body></html>`;

type Server_ = Awaited<ReturnType<typeof startToolServer>>;
let server: Server_;
let site: Server;
let url: string;
let requests: string[] = [];
let reached: string[] = [];
/** Another site, which the operator lists too. */
let elsewhere: string;
let inside: Server;
let insidePort: number;
let webFetch: ServerTool<WebFetchToolParam>;
let pdf: Buffer = Buffer.alloc(0);

beforeEach(async () => {
  requests = [];
  reached = [];
  site = createServer((request, response) => {
    requests.push(request.url ?? "");
    PAGES[request.url ?? ""]?.(request, response);
    if (!response.writableEnded) response.end(PAGE);
  });
  site.listen(0, SITE);
  inside = createServer((request, response) => {
    reached.push(request.url ?? "");
    response.end("inside");
  });
  inside.listen(0, "127.0.0.1");
  await Promise.all([once(site, "listening"), once(inside, "listening")]);
  url = `http://${SITE}:${(site.address() as AddressInfo).port}`;
  insidePort = (inside.address() as AddressInfo).port;
  const resolve = async (host: string) => (HOSTILE_NAMES[host] ?? []).map((address) => ({ address, family: 4 as const }));
  const egress = createEgress(createEgressPolicy({ allow: [SITE, "127.0.0.3"], isPublicReached: true, resolve }));
  webFetch = createWebFetch({ egress, turns: createTurnTaker(2), clock: systemClock, isEnabled: true, contentMaxTokens: 1000 });
  server = await startToolServer({ web_fetch: webFetch } as ServerTools);
});

afterEach(async () => {
  for (const each of [site, inside]) {
    each.closeAllConnections();
    each.close();
  }
  await server.close();
});

const PAGES: Readonly<Record<string, RequestListener>> = {
  "/page": (_request, response) => response.setHeader("content-type", "text/html; charset=utf-8"),
  "/latin": (_request, response) =>
    response.setHeader("content-type", "text/plain; charset=latin1").end(Buffer.from("gr\xfcn", "latin1")),
  "/pdf": (_request, response) => response.setHeader("content-type", "application/pdf").end(pdf),
  "/json": (_request, response) => response.setHeader("content-type", "application/json").end('{"a":1}'),
  "/picture": (_request, response) => response.setHeader("content-type", "image/png").end("png"),
  "/binary": (_request, response) => response.setHeader("content-type", "text/plain").end("a\u0000b"),
  "/gone": (_request, response) => response.writeHead(404).end(),
  "/busy": (_request, response) => response.writeHead(429).end(),
  "/huge": (_request, response) => response.setHeader("content-type", "text/plain").end(Buffer.alloc(3_000_000, "x")),
  "/moved": (_request, response) => response.writeHead(302, { location: "/page" }).end(),
  "/elsewhere": (_request, response) => response.writeHead(302, { location: `${elsewhere}/target` }).end(),
  "/inside": (_request, response) => response.writeHead(302, { location: `http://127.0.0.1:${insidePort}/` }).end(),
};

/** Asks with the text, and has the model fetch the address. */
async function fetchOf(text: string, address: string, tool: Partial<Anthropic.WebFetchTool20260309> = {}) {
  let step = 0;
  server.engine.play((turn, signal) => {
    step += 1;
    const call = [start, ...toolBlock(0, "web_fetch", JSON.stringify({ url: address })), end({ stopReason: "tool_use" })];
    return scripted(step === 1 ? call : [start, ...textBlock(0, "Read."), end()])(turn, signal);
  });
  const message = await server.client.messages.create({
    ...(BODY as Anthropic.MessageCreateParamsNonStreaming),
    tools: [{ ...FETCH, ...tool }],
    messages: [{ role: "user", content: text }],
  });
  const block = message.content.find((each) => each.type === "web_fetch_tool_result");
  if (!block) throw new Error("no result");
  return { content: block.content, usage: message.usage };
}

const codeOf = async (path: string, tool?: Partial<Anthropic.WebFetchTool20260309>) => {
  const { content } = await fetchOf(`See ${url}${path}`, `${url}${path}`, tool);
  return "error_code" in content ? content.error_code : content.type;
};

test("a page that is to be cited is given to be cited, in its place among the documents, and so when it is sent back", async () => {
  const cited = { citations: { enabled: true } };
  const source = { type: "text", media_type: "text/plain", data: "Toads." } as const;
  const asked: Anthropic.MessageParam = {
    role: "user",
    content: [
      { type: "document", source, ...cited },
      { type: "text", text: `${url}/page` },
    ],
  };
  server.playSteps(
    scripted([start, ...toolBlock(0, "web_fetch", JSON.stringify({ url: `${url}/page` })), end({ stopReason: "tool_use" })]),
    scripted([start, ...textBlock(0, "Read."), end()]),
  );
  const request = { ...(BODY as Anthropic.MessageCreateParamsNonStreaming), tools: [{ ...FETCH, ...cited }] };
  const message = await server.client.messages.create({ ...request, messages: [asked] });
  const [fetched] = message.content.flatMap((each) => (each.type === "web_fetch_tool_result" ? [each.content] : []));
  expect(fetched).toMatchObject({ content: { citations: { enabled: true } } });
  const inLoop = server.engine.turns.at(-1)?.messages.at(-1);
  expect(inLoop).toMatchObject({
    content: [
      { content: [{ citable: { unit: "characters", index: 1, texts: [expect.stringContaining("They winter in mud.")] } }] },
    ],
  });
  await server.client.messages.create({
    ...request,
    messages: [asked, { role: "assistant", content: message.content }, { role: "user", content: "Thanks." }],
  });
  expect(server.engine.turns.at(-1)?.messages[2]).toEqual(inLoop);
});

test("a page is read as text, without what is not of the page, and the model reads the same", async () => {
  const { content, usage } = await fetchOf(`Read (${url}/page), please.`, `${url}/page`, { citations: { enabled: false } });
  expect(content).toMatchObject({
    type: "web_fetch_result",
    url: `${url}/page`,
    content: { type: "document", title: "Frogs", source: { type: "text", media_type: "text/plain" }, citations: null },
    retrieved_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  });
  const text = (content as { content: { source: { data: string } } }).content.source.data;
  expect(text).toContain(PARAGRAPH.trim());
  expect(text).toContain("They winter in mud.\nSome do not.");
  expect(text).not.toMatch(/evil|Buy now|rights reserved|color/);
  expect(server.engine.turns[1]?.messages[2]?.content[0]).toMatchObject({
    content: [{ type: "document", title: "Frogs", source: `${url}/page`, text }],
  });
  expect(usage.server_tool_use).toEqual({ web_search_requests: 0, web_fetch_requests: 1 });
  expect(server.rows.at(-1)?.bill.cost.webSearch).toBe(0n);
});

test("what is not fetched is a result with the platform's code", async () => {
  expect(await codeOf("/moved")).toBe("web_fetch_result");
  expect(await codeOf("/json")).toBe("web_fetch_result");
  expect(await codeOf("/gone")).toBe("url_not_accessible");
  expect(await codeOf("/busy")).toBe("too_many_requests");
  expect(await codeOf("/picture")).toBe("unsupported_content_type");
  expect(await codeOf("/binary")).toBe("unsupported_content_type");
  expect(await codeOf("/huge")).toBe("content_too_large");
  expect(await codeOf("/inside")).toBe("url_not_allowed");
  expect(await codeOf(`/${"x".repeat(300)}`)).toBe("url_too_long");
  expect(await codeOf("/page", { blocked_domains: [SITE] })).toBe("url_not_allowed");
  expect(await codeOf("/page", { allowed_domains: [`${SITE}/pa`] })).toBe("url_not_allowed");
  expect(await codeOf("/page", { allowed_domains: [SITE] })).toBe("web_fetch_result");
  const { content } = await fetchOf("Hi", "no address");
  expect(content).toMatchObject({ error_code: "invalid_tool_input" });
  expect(reached).toEqual([]);
});

test("a redirect is not followed to a domain that the tool does not allow: nothing there is asked for", ATTACK, async () => {
  const asked: string[] = [];
  const other = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.setHeader("content-type", "text/plain").end("elsewhere");
  });
  other.listen(0, "127.0.0.3");
  await once(other, "listening");
  elsewhere = `http://127.0.0.3:${(other.address() as AddressInfo).port}`;
  try {
    expect(await codeOf("/elsewhere", { allowed_domains: [SITE] })).toBe("url_not_allowed");
    expect(await codeOf("/elsewhere", { blocked_domains: ["127.0.0.3"] })).toBe("url_not_allowed");
    expect(asked).toEqual([]);
    expect(await codeOf("/elsewhere", { allowed_domains: [SITE, "127.0.0.3"] })).toBe("web_fetch_result");
    // What that call has fetched is not shown to one that allows less.
    expect(await codeOf("/elsewhere", { allowed_domains: [SITE] })).toBe("url_not_allowed");
    expect(asked).toEqual(["/target"]);
  } finally {
    other.closeAllConnections();
    other.close();
  }
});

test("an address that nobody but the model has named is not fetched", ATTACK, async () => {
  const { content } = await fetchOf(`See ${url}/page`, `${url}/page?secret=of+the+conversation`);
  expect(content).toMatchObject({ error_code: "url_not_in_prior_context" });
  expect(await codeOf("/page", { url_sources: { user_input: { type: "none" } } })).toBe("url_not_in_prior_context");
  expect(requests).toEqual([]);
});

test("a page is read once within a while, unless the request wants it anew, and is cut at max_content_tokens", async () => {
  await codeOf("/page");
  await codeOf("/page");
  expect(requests).toEqual(["/page"]);
  await codeOf("/page", { type: "web_fetch_20260309", use_cache: false });
  expect(requests).toEqual(["/page", "/page"]);
  const { content } = await fetchOf(`${url}/page`, `${url}/page`, { max_content_tokens: 10 });
  expect((content as { content: { source: { data: string } } }).content.source.data).toHaveLength(40);
});

test("a PDF is read and cited page by page, and one that is none is told by its type", async () => {
  pdf = await makePdf(["Frogs are green.", "Toads are brown."]);
  const { content } = await fetchOf(`${url}/pdf`, `${url}/pdf`, { citations: { enabled: true } });
  expect(content).toMatchObject({ content: { source: { data: "[Page 1]\nFrogs are green.\n\n[Page 2]\nToads are brown." } } });
  const read = server.engine.turns.at(-1)?.messages.at(-1);
  expect(read).toMatchObject({
    content: [{ content: [{ citable: { unit: "page", texts: ["Frogs are green.", "Toads are brown."] } }] }],
  });
  pdf = Buffer.from("%PDF-1.7 broken");
  expect(await codeOf("/pdf", { type: "web_fetch_20260309", use_cache: false })).toBe("unsupported_content_type");
});

test("text comes in the encoding that its server names", async () => {
  const { content } = await fetchOf(`${url}/latin`, `${url}/latin`);
  expect(content).toMatchObject({ content: { source: { data: "grün" } } });
});

test("nothing of this machine or its network is fetched, however the conversation spells it", ATTACK, async ({ task }) => {
  const corpus = ssrfCorpus(insidePort);
  const codes = new Set<string>();
  const signal = AbortSignal.timeout(30_000);
  for (const { url: address } of corpus) {
    const turn = turnThatSays(`See ${address} `);
    const container = createReplyContainer();
    const call = { id: "srvtoolu_1", input: { url: address.trim() }, definition: FETCH, turn, container, signal };
    codes.add(
      await webFetch.run(call).then(
        ({ type }) => type,
        (error: unknown) => (error instanceof ServerToolError ? error.code : String(error)),
      ),
    );
  }
  countAttacks(task, corpus.length, reached.length);
  expect(reached).toEqual([]);
  expect([...codes].sort()).toEqual(["invalid_tool_input", "url_not_accessible", "url_not_allowed", "url_not_in_prior_context"]);
});

function turnThatSays(text: string): Turn {
  return { workspaceId: "wrkspc_1", messages: [{ role: "user", content: [{ type: "text", text }] }] } as unknown as Turn;
}

describe("the addresses in a conversation", () => {
  test.each([
    ["Go to https://a.example/b.", "https://a.example/b"],
    ["(see https://a.example/b)", "https://a.example/b"],
    ["https://en.wiki.example/Frog_(animal)", "https://en.wiki.example/Frog_(animal)"],
    ["[frogs](https://a.example/b?c=d&e=f#g) and", "https://a.example/b?c=d&e=f"],
    ['<a href="HTTPS://A.Example/B">', "https://a.example/B"],
    ["„https://bücher.example/x“", "https://xn--bcher-kva.example/x%E2%80%9C"],
    [`https://a.example/b${"?!.".repeat(2)} and`, "https://a.example/b"],
  ])("%s", (text, expected) => {
    expect(urlsInContext(turnThatSays(text), null)).toContain(expected);
  });
});

test("a page that is no article is read whole, and one that keeps its reader busy does not keep us", async () => {
  const pages = createPageReader();
  const read = (html: string) => pages.read(html, AbortSignal.timeout(30_000));
  expect(await read("<title>List</title><ul><li>One<li>Two</ul><table><tr><td>a<td>b</table>")).toEqual({
    title: "List",
    text: "One\nTwo\na b",
  });
  expect(await read("")).toEqual({ title: null, text: "" });
  // Half a minute in Readability; what was read before that stands.
  expect(await read(`${"<div>".repeat(600)}deep`)).toEqual({ title: null, text: "deep" });
  const leaving = new AbortController();
  const left = pages.read("<div>".repeat(5_000), leaving.signal);
  leaving.abort(new Error("left"));
  await expect(left).rejects.toThrow("left");
  // The next one gets a thread of its own again.
  expect(await read("<p>next")).toEqual({ title: null, text: "next" });
  pages.close();
}, 30_000);
