import Anthropic from "@anthropic-ai/sdk";
import { Message, StreamEvent } from "@parley/wire";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createMediaFetcher } from "../../documents/create-media-fetcher.ts";
import { findMedia } from "../../documents/find-media.ts";
import { createMediaReader, type MediaReader } from "../../documents/read-media.ts";
import { readImagePlaces, readImageText } from "../../documents/read-image-text.ts";
import { createTurnTaker } from "../../platform/take-turns.ts";
import { makePdf } from "../../documents/testing/make-pdf.ts";
import { end, HELLO, scripted, start, textBlock } from "../../doors/testing/scripted-engine.ts";
import { BODY, KEY, parseEvents, post, startTestServer, type TestServer } from "../../doors/testing/start-test-server.ts";
import { createEgress, createEgressPolicy } from "../../egress/index.ts";
import { fail } from "../../platform/fail.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";
import { createModelRegistry } from "../../models/model-registry.ts";
import { SEALS } from "../../tools/testing/start-tool-server.ts";
import { createScriptedEngine } from "../../doors/testing/scripted-engine.ts";

/** Documents and pictures are read by processes of their own, on machines that may be busy. */
const SLOW_MS = 60_000;
const picture = readFileSync(join(import.meta.dirname, "../../documents/__fixtures__/invoice.png"));

let web: Server;
let seeing: TestServer;
let blind: TestServer;
let pdf: Buffer;
beforeAll(async () => {
  pdf = await makePdf(["The tower is 96 metres high.", "It was built in 1911."]);
  web = createServer((request, reply) => {
    if (request.url === "/a.pdf") reply.setHeader("content-type", "application/pdf").end(pdf);
    else if (request.url === "/a.png") reply.setHeader("content-type", "image/png").end(picture);
    else if (request.url === "/page") reply.setHeader("content-type", "text/html").end("<p>no PDF</p>");
    else reply.writeHead(404).end();
  });
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  const policy = createEgressPolicy({ allow: ["127.0.0.1"], isPublicReached: false, resolve: async () => [] });
  const media = createMediaReader({
    fetchMedia: createMediaFetcher(createEgress(policy)),
    readImageText,
    readImagePlaces,
    turns: createTurnTaker(2),
  });
  blind = await startTestServer({ deps: { media } });
  const models = createModelRegistry({
    mapping: { haiku: "tiny" },
    vision: "ocr",
    engine: createScriptedEngine(),
  });
  seeing = await startTestServer({ deps: { media, models } });
  for (const server of [blind, seeing]) server.engine.play(scripted(HELLO));
});
afterAll(async () => {
  await Promise.all([blind.close(), seeing.close()]);
  web.close();
});

const address = (path: string): string => `http://127.0.0.1:${(web.address() as AddressInfo).port}${path}`;
const base64 = (data: Buffer, media_type: string) => ({ type: "base64" as const, media_type, data: data.toString("base64") });

/** What the engine was given, of a request with these blocks. */
async function given(server: TestServer, content: readonly object[]): Promise<unknown> {
  const client = new Anthropic({ baseURL: server.url, apiKey: KEY, maxRetries: 0 });
  await client.messages.create({
    model: "claude-haiku-4-5",
    max_tokens: 10,
    messages: [{ role: "user", content: content as Anthropic.ContentBlockParam[] }],
  });
  return server.engine.turns.at(-1)?.messages[0]?.content;
}

describe("a PDF", { timeout: SLOW_MS }, () => {
  const PAGES = "[Page 1]\nThe tower is 96 metres high.\n\n[Page 2]\nIt was built in 1911.";

  test("from the body and from an address is given to the model as its pages, with title and context", async () => {
    for (const source of [base64(pdf, "application/pdf"), { type: "url", url: address("/a.pdf") }]) {
      expect(await given(blind, [{ type: "document", source, title: "Tower", context: "A leaflet" }])).toEqual([
        { type: "document", title: "Tower", context: "A leaflet", source: null, text: PAGES },
      ]);
    }
  });

  test("reserves what its text comes to, and not its base64", async () => {
    await given(blind, [{ type: "document", source: base64(pdf, "application/pdf") }]);
    const { inputTokens } = blind.limits.reserved.at(-1) ?? {};
    expect(inputTokens).toBeGreaterThan(20);
    expect(inputTokens).toBeLessThan(120);
    expect(pdf.length).toBeGreaterThan(1_000);
  });

  test("at an address that holds none, or that may not be reached, gets one and the same 400", async () => {
    for (const url of [address("/page"), address("/gone"), "http://10.0.0.1/a.pdf", "file:///etc/passwd", "gopher://x/"]) {
      await expect(given(blind, [{ type: "document", source: { type: "url", url } }])).rejects.toMatchObject({
        status: 400,
        error: {
          error: {
            type: "invalid_request_error",
            message:
              "messages.0.content.0.document.source.url.url: Unable to download the file. Please verify the URL and try again.",
          },
        },
      });
    }
  });
});

describe("a picture", { timeout: SLOW_MS }, () => {
  test("is given to a model that sees nothing as the text in it, where the operator wants that", async () => {
    const text = { type: "image", ocrText: "Invoice number 48213\nTotal due: 1,920 euros" };
    expect(await given(seeing, [{ type: "image", source: base64(picture, "image/png") }])).toEqual([text]);
    expect(await given(seeing, [{ type: "image", source: { type: "url", url: address("/a.png") } }])).toEqual([text]);
    expect(
      await given(seeing, [
        {
          type: "document",
          source: {
            type: "content",
            content: [
              { type: "text", text: "Bill:" },
              { type: "image", source: base64(picture, "image/png") },
            ],
          },
        },
      ]),
    ).toMatchObject([{ type: "document", text: expect.stringMatching(/^Bill:\n<image>[^]*read by OCR[^]*48213/) }]);
  });

  test("is refused by name where the operator does not, and the model says which it is", async () => {
    await expect(given(blind, [{ type: "image", source: base64(picture, "image/png") }])).rejects.toMatchObject({
      status: 400,
      error: { error: { message: "messages.0.content.0.image: this model does not support image input" } },
    });
    const client = (server: TestServer) =>
      new Anthropic({ baseURL: server.url, apiKey: KEY }).models.retrieve("claude-haiku-4-5");
    expect(await client(seeing)).toMatchObject({
      display_name: expect.stringContaining("reads the text in images by OCR"),
      capabilities: { image_input: { supported: true }, pdf_input: { supported: true } },
    });
    expect((await client(blind)).capabilities?.image_input.supported).toBe(false);
  });
});

describe("citations", () => {
  const place = { citedText: "It was built in 1911.", documentTitle: "Tower", start: 2, end: 3 };
  const found = { searchResultIndex: 1, source: "https://example.com", title: "T", citedText: "x", start: 0, end: 1 };
  const events: TurnEvent[] = [
    start,
    ...textBlock(0, "I looked. "),
    { type: "block-start", index: 1, block: { type: "text", cited: true } },
    { type: "text-delta", index: 1, text: "In 1911." },
    { type: "citation", index: 1, citation: { type: "page_location", documentIndex: 0, fileId: "file_1", ...place } },
    { type: "citation", index: 1, citation: { type: "char_location", documentIndex: 1, fileId: null, ...place } },
    { type: "citation", index: 1, citation: { type: "content_block_location", documentIndex: 2, fileId: null, ...place } },
    { type: "citation", index: 1, citation: { type: "search_result_location", ...found } },
    {
      type: "citation",
      index: 1,
      citation: {
        type: "web_search_result_location",
        citedText: "y",
        url: "https://w",
        title: "W",
        resultIndex: 3,
        start: 7,
        end: 8,
      },
    },
    { type: "block-stop", index: 1 },
    end(),
  ];
  const expected = [
    { type: "text", text: "I looked. ", citations: null },
    {
      type: "text",
      text: "In 1911.",
      citations: [
        {
          type: "page_location",
          cited_text: "It was built in 1911.",
          document_index: 0,
          document_title: "Tower",
          file_id: "file_1",
          start_page_number: 2,
          end_page_number: 3,
        },
        {
          type: "char_location",
          cited_text: "It was built in 1911.",
          document_index: 1,
          document_title: "Tower",
          file_id: null,
          start_char_index: 2,
          end_char_index: 3,
        },
        {
          type: "content_block_location",
          cited_text: "It was built in 1911.",
          document_index: 2,
          document_title: "Tower",
          file_id: null,
          start_block_index: 2,
          end_block_index: 3,
        },
        {
          type: "search_result_location",
          cited_text: "x",
          search_result_index: 1,
          source: "https://example.com",
          title: "T",
          start_block_index: 0,
          end_block_index: 1,
        },
        {
          type: "web_search_result_location",
          cited_text: "y",
          url: "https://w",
          title: "W",
          encrypted_index: expect.toSatisfy((index: string) => SEALS.reveal("wrkspc_1", index) === "[3,7,8]"),
        },
      ],
    },
  ];

  test("of every kind reach the SDK, whole and streamed", async () => {
    const server = await startTestServer();
    try {
      server.engine.play(scripted(events));
      const client = new Anthropic({ baseURL: server.url, apiKey: KEY, maxRetries: 0 });
      const params = { model: "claude-haiku-4-5", max_tokens: 10, messages: [{ role: "user" as const, content: "When?" }] };
      const whole = await client.messages.create(params);
      expect(whole.content).toEqual(expected);
      expect(Message.safeParse(whole).error).toBeUndefined();
      expect((await client.messages.stream(params).finalMessage()).content).toEqual(expected);
      const kinds: string[] = [];
      for await (const event of client.messages.stream(params)) {
        expect(StreamEvent.safeParse(event).error).toBeUndefined();
        if (event.type === "content_block_delta") kinds.push(event.delta.type);
        if (event.type === "content_block_start") kinds.push(JSON.stringify(event.content_block));
      }
      expect(kinds).toEqual([
        '{"type":"text","text":"","citations":null}',
        "text_delta",
        '{"type":"text","text":"","citations":[]}',
        "text_delta",
        ...Array.from({ length: 5 }, () => "citations_delta"),
      ]);
    } finally {
      await server.close();
    }
  });

  test("name the file that a document came from, in the place that the request has it", async () => {
    const cite = { citations: { enabled: true } };
    const source = { type: "text", media_type: "text/plain", data: "D" };
    const found_ = { type: "search_result", source: "s", title: "t", content: [{ type: "text", text: "f" }], ...cite };
    const content = [{ type: "document", source, ...cite }, found_, { type: "document", source, title: "Two", ...cite }];
    expect(await given(blind, content)).toMatchObject([
      { citable: { unit: "characters", index: 0, texts: ["D"], fileId: null } },
      { citable: { unit: "search-result-block", index: 0, texts: ["f"] } },
      { citable: { unit: "characters", index: 1 } },
    ]);
  });
});

describe("reading documents", () => {
  const DOCUMENT = { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBERg==" } };
  const body = (over: object = {}) => ({ ...BODY, messages: [{ role: "user", content: [DOCUMENT] }], ...over });

  /** A server whose documents are read when the test says so. */
  async function start(options: object = {}) {
    const reading = Promise.withResolvers<void>();
    let begun = 0;
    const media: MediaReader = {
      async read({ messages }) {
        begun += 1;
        await reading.promise;
        return { pages: new Map(findMedia({ messages }).map(({ block }) => [block.source, ["page"]])), pictures: new Map() };
      },
    };
    const server = await startTestServer({ deps: { media }, ...options });
    onTestFinished(() => server.close());
    server.engine.play(scripted(HELLO));
    return { server, reading, begun: () => begun };
  }

  test.each([
    ["is read", null, ["message_start", "message_stop"]],
    ["cannot be read", fail("invalid_request_error", { public: "The PDF specified was not valid." }), ["error", "error"]],
  ])("opens a stream and pings it meanwhile: a document that %s", async (_what, fault, ends) => {
    const { server, reading } = await start({ openAfterMs: 20, pingAfterMs: 20 });
    const response = await post(server, "/v1/messages", body({ stream: true }));
    expect([response.status, response.headers.get("anthropic-ratelimit-requests-limit")]).toEqual([200, "1000"]);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const first = (await reader?.read())?.value ?? "";
    expect(parseEvents(first)[0]?.event).toBe("ping");
    if (fault) reading.reject(fault);
    else reading.resolve();
    let rest = "";
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) rest += part.value;
    const events = parseEvents(rest).filter(({ event }) => event !== "ping");
    expect([events[0]?.event, events.at(-1)?.event]).toEqual(ends);
  });

  test("does not begin for a request that is refused anyway, nor for one beyond its limits", async () => {
    const { server, reading, begun } = await start();
    reading.resolve();
    const speaking = { temperature: 0.5, top_p: 0.5, model: "claude-opus-4-1" };
    expect((await post(server, "/v1/messages", body(speaking))).status).toBe(400);
    server.limits.refuse = fail("rate_limit_error", { public: "too much", retryAfterSeconds: 1 });
    expect((await post(server, "/v1/messages", body())).status).toBe(429);
    expect((await post(server, "/v1/messages", body({ stream: true }))).status).toBe(429);
    expect(begun()).toBe(0);
    server.limits.refuse = null;
    expect((await post(server, "/v1/messages", body())).status).toBe(200);
    expect([begun(), server.limits.reserved.length, server.limits.settled, server.limits.released]).toEqual([1, 2, 1, 1]);
  });
});
