import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { crc32, inflateSync } from "node:zlib";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/platform/clock.ts";
import { lookForSandbox } from "../../src/sandbox/open-sandbox.ts";
import { openStorage } from "../../src/storage/storage.ts";
import { silentLog } from "../../src/storage/testing/test-storage.ts";
import { lendPython } from "../support/lend-python.ts";
import { runCli } from "../support/run-cli.ts";
import { LARGE, type RunningParley, startParley } from "../support/start-parley.ts";

/** docs/guides/end-to-end.md: its lines, its files, its model. */
const EXAMPLES = join(import.meta.dirname, "../../../../examples");
const SALES = join(EXAMPLES, "data/sales.csv");
const LEAFLET = join(EXAMPLES, "data/leaflet.pdf");
const FROGS = join(EXAMPLES, "data/frogs");

const folder = await mkdtemp(join(tmpdir(), "parley-story-"));
const dataDir = join(folder, "data");
const sandbox = await lookForSandbox(dataDir);
if ("reason" in sandbox) process.stdout.write(`No sandbox here, so no code is run: ${sandbox.reason}\n`);

let parley: RunningParley;

beforeAll(async () => {
  if (!("reason" in sandbox)) await lendPython(dataDir);
  parley = await startParley({ model: LARGE, dataDir, env: { PARLEY_DEFAULT_TEMPERATURE: "0", PARLEY_WEB_SEARCH: "local" } });
  const { code, stderr } = await runCli(["index", "add", FROGS, "--url", "https://frogs.example", "--data", dataDir]);
  if (code !== 0) throw new Error(stderr);
  // What is found says since when it is in the index, and on another day the model would answer in other words.
  await using storage = await openStorage({ databaseUrl: null, dataDir, log: silentLog, clock: systemClock, maxConnections: 1 });
  await storage.run({ operation: "date the index", repeatable: true }, (database) =>
    database.execute(sql`update search_documents set added_at = '2026-11-24T10:00:00Z'`),
  );
});
afterAll(async () => {
  await parley?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** What an example prints. */
async function run(example: string, ...args: readonly string[]): Promise<string> {
  const env = { PATH: process.env["PATH"], ANTHROPIC_BASE_URL: parley.url, ANTHROPIC_API_KEY: parley.apiKey };
  const program = join(EXAMPLES, "typescript", example);
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], { env, cwd: folder });
  process.stdout.write(stdout);
  return stdout;
}

describe.skipIf("reason" in sandbox)("a table", () => {
  test("is uploaded, read by Python that the model writes, and drawn as a picture that downloads and opens", async () => {
    const question = "Use pandas and matplotlib: draw a bar chart of amount by month from sales.csv and save it as chart.png.";
    expect(await run("code-execution.ts", SALES, question)).toContain("saved chart.png\n");
    const { width, height, bytes } = readPng(await readFile(join(folder, "chart.png")));
    expect(Math.min(width, height)).toBeGreaterThan(200);
    // A drawing, and no empty sheet.
    expect(new Set(bytes).size).toBeGreaterThan(8);
  });
});

test("a question over a PDF is answered with the page that says it", async () => {
  const said = await run("pdf-citations.ts", LEAFLET, "When was the tower built, and by whom? Answer in one sentence.");
  expect(said).toContain("1911");
  expect(said).toContain('  page 2: "The tower was built in 1911 by the engineer Anna Berg."');
});

test("a search is answered with its link", async () => {
  const said = await run("web-search.ts", "Search the web: which colour does the moor frog of Norway turn in April?");
  expect(said).toContain("found The moor frog: https://frogs.example/moor-frog.md");
  expect(said).toMatch(/blue/i);
  expect(said).toContain("  The moor frog: https://frogs.example/moor-frog.md");
});

/** Each chunk against its checksum, and the picture's data against its size. Throws for what is no PNG. */
function readPng(file: Buffer): { readonly width: number; readonly height: number; readonly bytes: Buffer } {
  expect(file.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
  const data: Buffer[] = [];
  const kinds: string[] = [];
  for (let at = 8; at < file.length;) {
    const length = file.readUInt32BE(at);
    const body = file.subarray(at + 4, at + 8 + length);
    expect(file.readUInt32BE(at + 8 + length)).toBe(crc32(body));
    const kind = body.toString("latin1", 0, 4);
    kinds.push(kind);
    if (kind === "IDAT") data.push(body.subarray(4));
    at += 12 + length;
  }
  expect([kinds[0], kinds.at(-1)]).toEqual(["IHDR", "IEND"]);
  const [width, height, depth, colours] = [file.readUInt32BE(16), file.readUInt32BE(20), file[24], file[25]];
  const bytes = inflateSync(Buffer.concat(data));
  // Eight bits of red, green, blue and alpha, as matplotlib writes them; each line begins with its filter.
  expect([depth, colours, bytes.length]).toEqual([8, 6, height * (1 + width * 4)]);
  return { width, height, bytes };
}
