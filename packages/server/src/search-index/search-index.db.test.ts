import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCli } from "../../test/support/run-cli.ts";
import { makePdf } from "../documents/testing/make-pdf.ts";
import { BODY } from "../doors/testing/start-test-server.ts";
import { systemClock } from "../platform/clock.ts";
import { end, scripted, start, textBlock, toolBlock } from "../doors/testing/scripted-engine.ts";
import { findPassages, removeSearchCollection } from "../storage/search-index.ts";
import { openTestStorage, type TestStorage } from "../storage/testing/test-storage.ts";
import type { ServerTools } from "../tools/server-tool.ts";
import { SEALS, startToolServer } from "../tools/testing/start-tool-server.ts";
import { createWebSearch } from "../tools/web-search/create-web-search.ts";
import { createLocalSearch } from "../tools/web-search/local.ts";
import { addToIndex } from "./add-to-index.ts";
import { splitPassages } from "./split-passages.ts";

let storage: TestStorage;
let folder: string;
beforeAll(async () => {
  storage = await openTestStorage();
  folder = await mkdtemp(join(tmpdir(), "parley-index-"));
  await mkdir(join(folder, "guides"));
  await writeFile(
    join(folder, "guides", "backup (1).md"),
    `# Backups\n\nEvery night the harbour's database is saved.\n\n${"Filler. ".repeat(400)}\n\nRestoring needs the passphrase.`,
  );
  await writeFile(
    join(folder, "page.html"),
    "<html><head><title>Ferry times</title></head><body><nav>Home</nav><p>The ferry to Berg leaves at nine.</p></body></html>",
  );
  await writeFile(join(folder, "notes.txt"), "The database administrator is Anna Berg.");
  await writeFile(join(folder, "tower.pdf"), await makePdf(["The tower is 96 metres high.", "A lift was added in 1950."]));
  await writeFile(join(folder, "table.xlsx"), "PK");
  await writeFile(join(folder, "binary.txt"), Buffer.from([1, 0, 2]));
  await writeFile(join(folder, ".secret.md"), "# Secret\n\nThe database password.");
  await symlink("/etc/hostname", join(folder, "link.txt"));
});
afterAll(async () => {
  await storage.close();
  await rm(folder, { recursive: true, force: true });
});

async function parley(...args: string[]) {
  const env: Record<string, string> = storage.databaseUrl === null ? {} : { DATABASE_URL: storage.databaseUrl };
  const { code, stdout, stderr } = await runCli(["index", ...args, "--json", "--data", storage.dataDir], { env });
  return {
    code,
    stderr,
    lines: stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

let skipped: string[] = [];
/** As the command does it, without the second that each start of it takes. */
function add(path: string, collection: string, baseUrl: string | null) {
  skipped = [];
  const onSkipped = (name: string, why: string): void => void skipped.push(`${name}: ${why}`);
  const { signal } = new AbortController();
  return addToIndex({ storage, clock: systemClock, language: "english", path, collection, baseUrl, signal, onSkipped });
}
const TOWN = "https://town.example/docs/";

const find = (query: string, limit = 10) => findPassages(storage, { query, language: "english", limit });

test("an operator's folder is indexed, found by its words, brought up to date and removed", async () => {
  expect(await add(folder, "town", TOWN)).toEqual({ written: 4, unchanged: 0, removed: 0, skipped: 2 });
  expect(skipped).toEqual(["binary.txt: it is no text", expect.stringMatching(/^table\.xlsx: neither text/)]);

  // All words before some of them; stemmed; each document once, by its best passage, at its page.
  expect((await find("database backups saved")).map(({ url }) => url)).toEqual([
    "https://town.example/docs/guides/backup%20(1).md",
    "https://town.example/docs/notes.txt",
  ]);
  expect(await find("How do I restore it?")).toMatchObject([
    { title: "Backups", text: expect.stringMatching(/Restoring needs the passphrase\.$/) },
  ]);
  expect(await find("lifts")).toMatchObject([
    { url: "https://town.example/docs/tower.pdf#page=2", title: "tower", text: "A lift was added in 1950." },
  ]);
  expect(await find("ferry Home")).toMatchObject([{ title: "Ferry times", text: "The ferry to Berg leaves at nine." }]);
  for (const none of ["password", "the", "'); drop table search_documents; --", "& | ! <-> :*", ""])
    expect(await find(none)).toEqual([]);

  await writeFile(join(folder, "notes.txt"), "The administrator of the database is Carl.");
  await rm(join(folder, "page.html"));
  expect(await add(folder, "town", TOWN)).toEqual({ written: 1, unchanged: 2, removed: 1, skipped: 2 });
  expect(await find("ferry")).toEqual([]);
  expect(await find("Carl")).toHaveLength(1);

  await removeSearchCollection(storage, "town");
  expect(await find("Carl")).toEqual([]);
});

test("the command indexes a file, lists and removes it", { timeout: 180_000 }, async () => {
  const added = await parley("add", join(folder, "notes.txt"));
  expect(added.lines).toMatchObject([{ collection: "notes.txt", written: 1, skipped: 0 }]);
  expect(added.stderr).toContain("set `web_search.provider: local`");
  expect((await find("database")).map(({ url }) => url)).toEqual(["parley://index/notes.txt/notes.txt"]);
  expect((await parley("list")).lines).toMatchObject([{ name: "notes.txt", documents: 1, passages: 1 }]);
  expect((await parley("rm", "notes.txt", "--yes")).lines).toEqual([{ name: "notes.txt", documents: 1 }]);
  expect(await find("database")).toEqual([]);
});

test("a reply's search finds the operator's documents, within the domains that it may", async () => {
  await add(folder, "town", TOWN);
  const provider = createLocalSearch((query, limit) => findPassages(storage, { query, language: "english", limit }));
  const webSearch = createWebSearch({
    provider,
    resultsMax: 2,
    pageMaxCharacters: 1_500,
    seal: (id, text) => SEALS.sign(id, text),
  });
  const server = await startToolServer({ web_search: webSearch } as ServerTools);
  const search = async (domains: object) => {
    server.playSteps(
      scripted([start, ...toolBlock(0, "web_search", '{"query":"How high is the tower?"}'), end({ stopReason: "tool_use" })]),
      scripted([start, ...textBlock(0, "96 metres."), end()]),
    );
    const message = await server.client.messages.create({
      ...BODY,
      messages: [{ role: "user", content: "How high?" }],
      tools: [{ type: "web_search_20250305", name: "web_search", ...domains }],
    });
    return message.content.flatMap((block) => (block.type === "web_search_tool_result" ? [block.content] : []))[0];
  };
  expect(await search({})).toMatchObject([
    {
      type: "web_search_result",
      url: "https://town.example/docs/tower.pdf#page=1",
      title: "tower",
      page_age: expect.stringMatching(/^\d{4}-/),
    },
  ]);
  expect(server.engine.turns.at(-1)?.messages.at(-1)).toMatchObject({
    content: [{ content: [{ text: "The tower is 96 metres high.", citable: { unit: "web-search-page", index: 0 } }] }],
  });
  expect(await search({ allowed_domains: ["town.example/docs"] })).toHaveLength(1);
  expect(await search({ blocked_domains: ["town.example"] })).toEqual([]);
  await server.close();
});

test("passages lose no word and end where paragraphs, sentences or words do", () => {
  const long = `${"A sentence of some length stands here. ".repeat(60)}\n\nShort.\n\n${"x".repeat(3_000)}`;
  const passages = splitPassages(long);
  expect(Math.max(...passages.map(({ length }) => length))).toBeLessThanOrEqual(1_202);
  expect(passages.join("").replaceAll(/\s/g, "")).toBe(long.replaceAll(/\s/g, ""));
  expect(passages[0]).toMatch(/here\.$/);
  expect(splitPassages(" \n\n ")).toEqual([]);
});
