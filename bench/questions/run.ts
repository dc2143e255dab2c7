/**
 * How well weights read: fifty questions over five documents that were written for this (four texts and a PDF), asked with
 * and without citations. A reply is right where it has the answer's words; a citation counts where its text stands in the source, letter by
 * letter, and again where that text has the answer.
 *
 * node --conditions=source bench/questions/run.ts qwen2.5-coder-1.5b-instruct-q4_k_m [questions of each document]
 */
import Anthropic from "@anthropic-ai/sdk";
import { makePdf } from "../../packages/server/src/documents/testing/make-pdf.ts";
import { startParley } from "../../packages/server/test/support/start-parley.ts";
import { median } from "../support/statistics.ts";
import { type Question, QUESTION_SET, type QuestionedDocument } from "./question-set.ts";

const [model = "qwen2.5-coder-1.5b-instruct-q4_k_m", each = "10"] = process.argv.slice(2);

interface Tally {
  asked: number;
  right: number;
  cited: number;
  citations: number;
  inSource: number;
  /** Replies with a citation whose text has the answer. */
  telling: number;
  /** Of a PDF: replies that cite the right page, of those that were asked. */
  rightPage: number;
  pagesAsked: number;
  readonly seconds: number[];
}

const newTally = (): Tally => ({
  asked: 0,
  right: 0,
  cited: 0,
  citations: 0,
  inSource: 0,
  telling: 0,
  rightPage: 0,
  pagesAsked: 0,
  seconds: [],
});

await using parley = await startParley({ model, env: { PARLEY_DEFAULT_TEMPERATURE: "0" } });
const client = new Anthropic({ baseURL: parley.url, apiKey: parley.apiKey, maxRetries: 0, timeout: 600_000 });
const without = newTally();
const withCitations = newTally();
for (const document of QUESTION_SET) {
  const source = await toSource(document);
  for (const enabled of [false, true]) {
    const tally = enabled ? withCitations : without;
    for (const question of document.questions.slice(0, Number(each))) await ask({ document, source, question, enabled, tally });
  }
}
say(`without citations: ${summary(without)}`);
say(`with citations: ${summary(withCitations)}`);
const { cited, citations, inSource, telling, rightPage, pagesAsked } = withCitations;
say(
  `${inSource} of ${citations} citations stand in the source; ${cited} of ${withCitations.asked} replies have one, ${telling} one with the answer; ` +
    `of the PDF ${rightPage} of ${pagesAsked} name the right page`,
);

type Source = Anthropic.DocumentBlockParam["source"];

async function toSource({ source }: QuestionedDocument): Promise<Source> {
  if ("text" in source) return { type: "text", media_type: "text/plain", data: source.text };
  return { type: "base64", media_type: "application/pdf", data: (await makePdf(source.pages)).toString("base64") };
}

async function ask(one: {
  readonly document: QuestionedDocument;
  readonly source: Source;
  readonly question: Question;
  readonly enabled: boolean;
  readonly tally: Tally;
}): Promise<void> {
  const { document, source, question, enabled, tally } = one;
  const startMs = performance.now();
  const { content } = await client.messages.create({
    model: "claude-haiku-4-5",
    max_tokens: 60,
    messages: [
      {
        role: "user",
        content: [
          { type: "document", title: document.title, source, citations: { enabled }, cache_control: { type: "ephemeral" } },
          { type: "text", text: `${question.question} Answer in one short sentence.` },
        ],
      },
    ],
  });
  tally.seconds.push((performance.now() - startMs) / 1_000);
  const texts = content.flatMap((block) => (block.type === "text" ? [block] : []));
  const reply = texts.map(({ text }) => text).join("");
  const found = texts.flatMap(({ citations: own }) => own ?? []);
  const isRight = hasAnswer(reply, question);
  tally.asked += 1;
  tally.right += Number(isRight);
  tally.cited += Number(found.length > 0);
  tally.citations += found.length;
  tally.inSource += found.filter((citation) => isInSource(citation, document)).length;
  tally.telling += Number(found.some(({ cited_text: text }) => hasAnswer(text, question)));
  if (question.page !== undefined) {
    tally.pagesAsked += 1;
    tally.rightPage += Number(
      found.some((citation) => citation.type === "page_location" && citation.start_page_number === question.page),
    );
  }
  if (!isRight) say(`${enabled ? "cited" : "plain"}, wrong: ${question.question} -> ${JSON.stringify(reply.trim())}`);
}

function hasAnswer(text: string, { answers }: Question): boolean {
  const plain = (words: string): string =>
    ` ${words
      .toLowerCase()
      .replace(/[^\p{L}\p{N}.,]+/gu, " ")
      .replace(/[.,]+(?=\s|$)/g, "")} `;
  return answers.some((answer) => plain(text).includes(plain(answer)));
}

/** As it was sent: the places are compared, not only the words. */
function isInSource(citation: Anthropic.TextCitation, { source }: QuestionedDocument): boolean {
  if (citation.type === "char_location") {
    return "text" in source && source.text.slice(citation.start_char_index, citation.end_char_index) === citation.cited_text;
  }
  if (citation.type !== "page_location" || !("pages" in source)) return false;
  // A PDF's lines are broken where the page is full.
  const joined = (text: string): string => text.replace(/\s+/g, " ").trim();
  return joined(source.pages[citation.start_page_number - 1] ?? "").includes(joined(citation.cited_text));
}

function summary({ right, asked, seconds }: Tally): string {
  return `${right} of ${asked} right, ${median(seconds).toFixed(1)} s a question at the median`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
