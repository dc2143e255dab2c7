import { parentPort } from "node:worker_threads";
import { readArticle, type ReadPage, readWhole } from "./read-page.ts";

/** What the thread says of the page that it was given last. */
export type ThreadMessage = { readonly type: "page"; readonly page: ReadPage } | { readonly type: "done" };

/** A thread apart: a hostile page keeps a parser busy for minutes, and this can be ended. */
parentPort?.on("message", (html: string) => {
  // What is quick comes first, and stands if the rest is not done in time.
  post({ type: "page", page: readWhole(html) });
  const page = readArticle(html);
  if (page !== null) post({ type: "page", page });
  post({ type: "done" });
});

function post(message: ThreadMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
  parentPort?.postMessage(message);
}
