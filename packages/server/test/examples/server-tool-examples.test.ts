import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KEY } from "../../src/doors/testing/start-test-server.ts";
import { createEgress, createEgressPolicy } from "../../src/egress/index.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createTurnTaker } from "../../src/platform/take-turns.ts";
import { step } from "../../src/tools/testing/mcp-steps.ts";
import { otherTools } from "../../src/tools/testing/other-tools.ts";
import { startMcpServer } from "../../src/tools/testing/start-mcp-server.ts";
import { SEALS, startToolServer } from "../../src/tools/testing/start-tool-server.ts";
import { createWebFetch } from "../../src/tools/web-fetch/create-web-fetch.ts";
import { createWebSearch } from "../../src/tools/web-search/create-web-search.ts";

const folder = join(import.meta.dirname, "../../../../examples/typescript");
const FROGS = { url: "https://a.example/frogs", title: "Frogs", text: "Frogs are green.", pageAge: null };
let server: Awaited<ReturnType<typeof startToolServer>>;
let web: Server;
let page: string;

beforeAll(async () => {
  web = createServer((_request, reply) =>
    reply.setHeader("content-type", "text/html").end("<title>Toads</title><p>Toads are brown.</p>"),
  );
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  page = `http://127.0.0.1:${(web.address() as AddressInfo).port}/`;
  const egress = createEgress(createEgressPolicy({ allow: ["127.0.0.1"], isPublicReached: false, resolve: async () => [] }));
  server = await startToolServer({
    ...otherTools,
    web_search: createWebSearch({
      provider: { search: async () => [FROGS] },
      resultsMax: 5,
      pageMaxCharacters: 500,
      seal: (id, text) => SEALS.sign(id, text),
    }),
    web_fetch: createWebFetch({ egress, turns: createTurnTaker(1), clock: systemClock, isEnabled: true, contentMaxTokens: 500 }),
  });
});
afterAll(async () => {
  await server.close();
  web.close();
});

async function run(example: string, ...arguments_: readonly string[]): Promise<string> {
  const env = { PATH: process.env["PATH"], ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: KEY };
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, example), ...arguments_], { env });
  return stdout;
}

test("web-search.ts prints what was searched and found", async () => {
  server.playSteps(step("", ["web_search", { query: "frogs" }]), step("They are green."));
  const printed = await run("web-search.ts", "Which colour have frogs?");
  expect(printed).toContain("searches { query: 'frogs' }\nfound Frogs: https://a.example/frogs\nThey are green.\n");
  expect(printed).toContain("web_search_requests: 1");
});

test("web-fetch.ts prints which page was read", async () => {
  server.playSteps(step("", ["web_fetch", { url: page }]), step("About toads."));
  expect(await run("web-fetch.ts", page)).toBe(`read ${page}: Toads\nAbout toads.\n`);
});

test("tool-search.ts prints the tool that was found, and its call", async () => {
  server.playSteps(
    step("", ["tool_search_tool_bm25", { query: "translate a text into French" }]),
    step("", ["translate_text", { text: "good morning" }]),
  );
  expect(await run("tool-search.ts")).toMatch(
    /^searches [^]*\nfound translate_text[^]*\ncalls translate_text \{ text: 'good morning' \}\n$/,
  );
});

test("mcp.ts prints what the server of tools returned", async () => {
  const tools = await startMcpServer({});
  server.playSteps(step("", ["tools_echo", { text: "hi" }]), step("It says hi."));
  const printed = await run("mcp.ts", tools.url, "Echo it.");
  tools.close();
  expect(printed).toBe(`tools runs echo { text: 'hi' }\nreturned: {"text":"hi"}\nIt says hi.\n`);
});
