import { Worker } from "node:worker_threads";
import { ServerToolError } from "../server-tool.ts";
import type { ReadPage } from "./read-page.ts";

/** An ordinary page takes a tenth of a second; one of 500 nested elements, in Readability, half a minute. */
const READ_TIMEOUT_MS = 5_000;
const MEMORY_MAX_MB = 256;
/** Sources run as they are in development, and compiled where they are installed. */
const THREAD = new URL(import.meta.url.endsWith(".ts") ? "./page-thread.ts" : "./page-thread.js", import.meta.url);

/** The text of a page, read in a thread of its own: the best that is there when the time is up. */
export function readPageApart(html: string, signal: AbortSignal): Promise<ReadPage> {
  return new Promise((resolve, reject) => {
    let best: ReadPage | null = null;
    const thread = new Worker(THREAD, {
      workerData: { html },
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MAX_MB, maxYoungGenerationSizeMb: 32 },
      env: {},
    });
    const stop = (): void => void thread.terminate();
    const timer = setTimeout(stop, READ_TIMEOUT_MS);
    signal.addEventListener("abort", stop, { once: true });
    thread.on("message", (page: ReadPage) => {
      best = page;
    });
    let failure: unknown = null;
    thread.on("error", (error) => {
      failure = error;
    });
    thread.on("exit", () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      if (signal.aborted) reject(signal.reason as Error);
      else if (best !== null) resolve(best);
      else reject(new ServerToolError("content_too_large", "the page could not be read in time", failure));
    });
  });
}
