/**
 * How long a PDF takes to read and what memory that takes; and, with the name of weights, how often a reply over a PDF cites
 * the right page.
 *
 * node --conditions=source bench/documents/run.ts [qwen2.5-coder-0.5b-instruct-q4_k_m]
 */
import Anthropic from "@anthropic-ai/sdk";
import { readFileSync } from "node:fs";
import { readPdf } from "../../packages/server/src/documents/read-pdf.ts";
import { makePdf } from "../../packages/server/src/documents/testing/make-pdf.ts";
import { startParley } from "../../packages/server/test/support/start-parley.ts";
import { median } from "../support/statistics.ts";

const ROUNDS = 5;
const MEGABYTE = 1024 * 1024;
const WATCH_MS = 10;
const LINES_A_PAGE = 40;
const PLACES = ["Aldburg", "Brennick", "Corvale", "Dunmere", "Eskholm", "Farnow", "Gildern", "Hartwick", "Ilmar", "Jorvik"];

for (const pages of [10, 100, 600]) await measure(pages);
const weights = process.argv[2];
if (weights !== undefined) await askQuestions(weights);

/** Pages as full as a book's. */
async function measure(pages: number): Promise<void> {
  const line = "What the committee has said about the harbour, the quay and its cranes stands here in one line.";
  const pdf = await makePdf(Array.from({ length: pages }, (_, page) => `Page ${page}\n${`${line}\n`.repeat(LINES_A_PAGE)}`));
  const times: number[] = [];
  const peaks: number[] = [];
  const ownBefore = process.memoryUsage.rss();
  for (let round = 0; round < ROUNDS; round += 1) {
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, childBytes())), WATCH_MS);
    const startMs = performance.now();
    const read = await readPdf(pdf, { pagesMax: pages }, new AbortController().signal);
    times.push(performance.now() - startMs);
    clearInterval(watch);
    peaks.push(peak);
    if (read.length !== pages) throw new Error(`${read.length} of ${pages} pages`);
  }
  const own = Math.max(0, process.memoryUsage.rss() - ownBefore);
  say(
    `${pages} pages, ${Math.round(pdf.length / 1024)} KB: median ${(median(times) / 1000).toFixed(2)} s; ` +
      `the reading process had ${Math.round(median(peaks) / MEGABYTE)} MB at its peak, the server grew by ${Math.round(own / MEGABYTE)} MB`,
  );
}

/** Of the process that reads, as Linux tells it. */
function childBytes(): number {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").trim().split(" ");
  return children.reduce((sum, pid) => {
    try {
      return sum + Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
    } catch {
      return sum; // It has just ended.
    }
  }, 0);
}

/** One fact a page, one question a fact; greedy, so that a second run says the same. */
async function askQuestions(model: string): Promise<void> {
  // One fact that two pages tell: the model has to choose.
  const twice = [
    { text: "The bridge of Ulm opened in May 1911.", question: "When did the bridge of Ulm open?" },
    { text: "In May 1911 the bridge of Ulm opened.", question: "When did the bridge of Ulm open, in which month?" },
  ];
  const others = PLACES.flatMap((place, index) => [
    {
      text: `The tower of ${place} was built in ${1850 + index * 7}.`,
      question: `In which year was the tower of ${place} built?`,
    },
    { text: `The bridge of ${place} is ${40 + index * 13} metres long.`, question: `How long is the bridge of ${place}?` },
  ]);
  const facts = [...twice, ...others];
  const pdf = await makePdf(facts.map(({ text }) => text));
  await using parley = await startParley({ model, env: { PARLEY_DEFAULT_TEMPERATURE: "0" } });
  const client = new Anthropic({ baseURL: parley.url, apiKey: parley.apiKey, maxRetries: 0 });
  const source = { type: "base64", media_type: "application/pdf", data: pdf.toString("base64") } as const;
  let citations = 0;
  let inSource = 0;
  let cited = 0;
  let right = 0;
  for (const [page, { question }] of facts.entries()) {
    const { content } = await client.messages.create({
      model: "claude-haiku-4-5",
      max_tokens: 60,
      messages: [
        {
          role: "user",
          content: [
            { type: "document", source, citations: { enabled: true }, cache_control: { type: "ephemeral" } },
            { type: "text", text: `${question} Answer in one sentence.` },
          ],
        },
      ],
    });
    const found = content.flatMap((block) => (block.type === "text" ? (block.citations ?? []) : []));
    citations += found.length;
    inSource += found.filter(
      (each) => each.type === "page_location" && facts[each.start_page_number - 1]?.text.includes(each.cited_text),
    ).length;
    if (found.length > 0) cited += 1;
    if (found.some((each) => each.type === "page_location" && each.start_page_number === page + 1)) right += 1;
  }
  say(
    `${model}, ${facts.length} questions over ${facts.length} pages: ${cited} replies with a citation, ${right} with the right page; ` +
      `${inSource} of ${citations} citations stand in the source`,
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
