import { Worker } from "node:worker_threads";
import { ServerToolError } from "../server-tool.ts";
import type { ThreadMessage } from "./page-thread.ts";
import type { ReadPage } from "./read-page.ts";

/** Reads pages in a thread apart, which is kept warm for the next one for a while. */
export interface PageReader {
  /** Has a thread ready soon: it takes as long to start as the network to answer. */
  warm(): void;
  /** The text of a page: the best that is there when the time is up. */
  read(html: string, signal: AbortSignal): Promise<ReadPage>;
  close(): void;
}

/** An ordinary page takes a tenth of a second; one of 500 nested elements, in Readability, half a minute. */
const READ_TIMEOUT_MS = 5_000;
const MEMORY_MAX_MB = 256;
/** It takes 20 MB, and who fetches one page often fetches more. */
const IDLE_MS = 30_000;
/** What a parser might keep of its pages goes with it; so does the memory of a large one. */
const PAGES_MAX = 50;
const KEPT_MAX_CHARACTERS = 512 * 1024;
/** Sources run as they are in development, and compiled where they are installed. */
const THREAD = new URL(import.meta.url.endsWith(".ts") ? "./page-thread.ts" : "./page-thread.js", import.meta.url);

interface PageThread {
  readonly worker: Worker;
  pages: number;
}

export function createPageReader(): PageReader {
  let spare: PageThread | null = null;
  let idle: NodeJS.Timeout | undefined;

  function start(): PageThread {
    const worker = new Worker(THREAD, {
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MAX_MB, maxYoungGenerationSizeMb: 32 },
      env: {},
    });
    const thread: PageThread = { worker, pages: 0 };
    // Whoever reads with it is told by listeners of its own.
    worker.on("error", () => {});
    worker.once("exit", () => {
      if (spare === thread) spare = null;
    });
    return thread;
  }

  function take(): PageThread {
    clearTimeout(idle);
    const thread = spare ?? start();
    spare = null;
    thread.worker.ref();
    return thread;
  }

  function keep(thread: PageThread): void {
    if (spare !== null || thread.pages >= PAGES_MAX) return void thread.worker.terminate();
    spare = thread;
    thread.worker.unref();
    clearTimeout(idle);
    idle = setTimeout(close, IDLE_MS).unref();
  }

  function close(): void {
    clearTimeout(idle);
    void spare?.worker.terminate();
    spare = null;
  }

  return {
    warm() {
      if (spare === null) keep(start());
    },

    read(html, signal) {
      signal.throwIfAborted();
      const thread = take();
      const { worker } = thread;
      const { promise, resolve, reject } = Promise.withResolvers<ReadPage>();
      let best: ReadPage | null = null;
      let failure: unknown = null;
      const stop = (): void => void worker.terminate();
      const timer = setTimeout(stop, READ_TIMEOUT_MS);
      const onMessage = (said: ThreadMessage): void => {
        if (said.type === "page") best = said.page;
        else settle(true);
      };
      const onError = (error: unknown): void => {
        failure = error;
      };
      const onExit = (): void => settle(false);

      function settle(isDone: boolean): void {
        clearTimeout(timer);
        signal.removeEventListener("abort", stop);
        worker.off("message", onMessage).off("error", onError).off("exit", onExit);
        thread.pages += 1;
        if (isDone && !signal.aborted && html.length <= KEPT_MAX_CHARACTERS) keep(thread);
        else stop();
        if (signal.aborted) reject(signal.reason as Error);
        else if (best !== null) resolve(best);
        else reject(new ServerToolError("content_too_large", "the page could not be read in time", failure));
      }

      signal.addEventListener("abort", stop, { once: true });
      worker.on("message", onMessage).on("error", onError).on("exit", onExit);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
      worker.postMessage(html);
      return promise;
    },

    close,
  };
}
