import { parentPort, workerData } from "node:worker_threads";
import { readArticle, type ReadPage, readWhole } from "./read-page.ts";

/** A thread of its own for one page: a hostile one keeps a parser busy for minutes, and this can be ended. */
const { html } = workerData as { readonly html: string };
// What is quick comes first, and stands if the rest is not done in time.
post(readWhole(html));
const article = readArticle(html);
if (article !== null) post(article);

function post(page: ReadPage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
  parentPort?.postMessage(page);
}
