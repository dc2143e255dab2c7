import Anthropic from "@anthropic-ai/sdk";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { makePdf } from "../../src/documents/testing/make-pdf.ts";
import { HALF, type RunningParley, startParley } from "../support/start-parley.ts";

const PAGES = [
  "The Nordlicht tower stands on the west pier of the harbour. It is open from April to October.",
  "The tower was built in 1911 by the engineer Anna Berg. It is 96 metres high.",
  "A ticket costs 7 euros. Children under six pay nothing.",
];

let parley: RunningParley;
let client: Anthropic;
let pdf: Buffer;
beforeAll(async () => {
  parley = await startParley({ model: HALF, env: { PARLEY_DEFAULT_TEMPERATURE: "0" } });
  client = new Anthropic({ baseURL: parley.url, apiKey: parley.apiKey, maxRetries: 0 });
  pdf = await makePdf(PAGES);
});
afterAll(async () => {
  await parley?.[Symbol.asyncDispose]();
});

const document = (over: Partial<Anthropic.DocumentBlockParam> = {}): Anthropic.DocumentBlockParam => ({
  type: "document",
  title: "Leaflet",
  source: { type: "base64", media_type: "application/pdf", data: pdf.toString("base64") },
  citations: { enabled: true },
  ...over,
});
const ask = (question: string, ...documents: Anthropic.ContentBlockParam[]): Anthropic.MessageCreateParamsNonStreaming => ({
  model: "claude-haiku-4-5",
  max_tokens: 100,
  messages: [{ role: "user", content: [...documents, { type: "text", text: question }] }],
});

test("a question over a PDF is answered with the page that says it, by the example of the documentation", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-pdf-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "leaflet.pdf"), pdf);
  const example = join(import.meta.dirname, "../../../../examples/typescript/pdf-citations.ts");
  const env = { PATH: process.env["PATH"], ANTHROPIC_BASE_URL: parley.url, ANTHROPIC_API_KEY: parley.apiKey };
  const question = "When was the tower built, and by whom? Answer in one sentence.";
  const { stdout } = await promisify(execFile)(process.execPath, [example, join(folder, "leaflet.pdf"), question], { env });
  process.stdout.write(stdout);
  expect(stdout).toContain('  page 2: "The tower was built in 1911 by the engineer Anna Berg."');
});

test("a streamed reply is the same as the whole one, each citation stands on its page, and counts are exact", async () => {
  const params = ask("How much is a ticket, and who pays nothing?", document());
  const whole = await client.messages.create(params);
  const streamed = await client.messages.stream(params).finalMessage();
  expect(streamed.content).toEqual(whole.content);
  const citations = whole.content.flatMap((block) => (block.type === "text" ? (block.citations ?? []) : []));
  expect(citations.length).toBeGreaterThan(0);
  for (const citation of citations) {
    expect(citation).toMatchObject({ type: "page_location", document_index: 0, document_title: "Leaflet", file_id: null });
    if (citation.type !== "page_location") continue;
    expect(citation.end_page_number).toBe(citation.start_page_number + 1);
    expect(PAGES[citation.start_page_number - 1]).toContain(citation.cited_text);
  }
  const { max_tokens: _none, ...counted } = params;
  expect((await client.messages.countTokens(counted)).input_tokens).toBe(whole.usage.input_tokens);
});

test("a PDF behind a breakpoint is computed once, and a cited reply that comes back is read on", async () => {
  const first = ask("Where does the tower stand?", document({ cache_control: { type: "ephemeral" } }));
  const written = await client.messages.create(first);
  const again = await client.messages.create(ask("How high is the tower?", document({ cache_control: { type: "ephemeral" } })));
  expect(written.usage.cache_creation_input_tokens).toBeGreaterThan(100);
  expect(again.usage.cache_read_input_tokens).toBe(written.usage.cache_creation_input_tokens);
  const next = await client.messages.create({
    ...first,
    messages: [
      ...first.messages,
      // What clients do: the content as it came, citations and all.
      { role: "assistant", content: written.content as Anthropic.ContentBlockParam[] },
      { role: "user", content: "And when is it open?" },
    ],
  });
  expect(next.usage.cache_read_input_tokens).toBe(written.usage.cache_creation_input_tokens);
});

test("search results in a tool's result are cited by their blocks", async () => {
  const blocks = ["Opening hours are from 9 to 17.", "The harbour pool has a temperature of 26 degrees."];
  const reply = await client.messages.create({
    model: "claude-haiku-4-5",
    max_tokens: 80,
    tools: [{ name: "search", description: "Searches the town's pages.", input_schema: { type: "object", properties: {} } }],
    tool_choice: { type: "none" },
    messages: [
      { role: "user", content: "What temperature does the harbour pool have?" },
      { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "search", input: {} }] },
      {
        role: "user",
        content: [
          {
            type: "tool_result",
            tool_use_id: "toolu_1",
            content: [
              {
                type: "search_result",
                source: "https://town.example/pool",
                title: "Pool",
                content: blocks.map((text) => ({ type: "text" as const, text })),
                citations: { enabled: true },
              },
            ],
          },
          { type: "text", text: "So, what temperature does the harbour pool have? Answer in a sentence." },
        ],
      },
    ],
  });
  const citations = reply.content.flatMap((block) => (block.type === "text" ? (block.citations ?? []) : []));
  expect(citations, JSON.stringify(reply.content)).toContainEqual({
    type: "search_result_location",
    search_result_index: 0,
    source: "https://town.example/pool",
    title: "Pool",
    start_block_index: 1,
    end_block_index: 2,
    cited_text: blocks[1],
  });
});
