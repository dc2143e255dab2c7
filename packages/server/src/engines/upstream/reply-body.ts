import type { Dispatcher } from "undici";

/** A reply's bytes on their way from the connection to one reader. */
export interface ReplyBody {
  readonly body: AsyncIterable<Buffer>;
  readonly start: (controller: Dispatcher.DispatchController) => void;
  readonly push: (chunk: Buffer) => void;
  readonly end: () => void;
  readonly fail: (error: unknown) => void;
  /** Closes the connection: the signal has been aborted. */
  readonly abort: () => void;
  /** From now on leaving the body does not close the connection. */
  readonly finish: () => void;
}

/** More is not read ahead of the reader. */
const AHEAD_BYTES = 64 * 1024;
/** How long a server may take to end a reply whose last event has come. */
const LINGER_MS = 1_000;

class Left extends Error {}

/** `meaning`: what the reader gets for what the connection failed with. */
export function createReplyBody(signal: AbortSignal, meaning: (error: unknown) => unknown): ReplyBody {
  let connection: Dispatcher.DispatchController | null = null;
  let chunks: Buffer[] = [];
  let bytes = 0;
  let outcome: { readonly error?: unknown } | null = null;
  let waiting: PromiseWithResolvers<IteratorResult<Buffer, void>> | null = null;
  let isFinished = false;
  let hasLeft = false;

  const DONE: IteratorResult<Buffer, void> = { done: true, value: undefined };

  function close(error: Error): void {
    if (connection !== null && !connection.aborted) connection.abort(error);
  }

  function finishWith(result: { readonly error?: unknown }): void {
    if (outcome !== null) return;
    outcome = result;
    const reader = waiting;
    waiting = null;
    if (reader === null) return;
    if ("error" in result) reader.reject(result.error);
    else reader.resolve(DONE);
  }

  function leave(): void {
    if (hasLeft) return;
    hasLeft = true;
    chunks = [];
    waiting?.resolve(DONE);
    waiting = null;
    if (outcome !== null) return;
    if (!isFinished) return close(new Left());
    // What still comes is let go, so that the connection can be kept.
    if (connection?.paused === true) connection.resume();
    setTimeout(() => outcome === null && close(new Left()), LINGER_MS).unref();
  }

  const reader: AsyncIterator<Buffer, void> = {
    next() {
      if (chunks.length > 0) {
        const value = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes);
        chunks = [];
        bytes = 0;
        if (connection?.paused === true) connection.resume();
        return Promise.resolve({ done: false, value });
      }
      if (hasLeft) return Promise.resolve(DONE);
      if (outcome !== null) return "error" in outcome ? Promise.reject(outcome.error) : Promise.resolve(DONE);
      waiting = Promise.withResolvers();
      return waiting.promise;
    },
    return() {
      leave();
      return Promise.resolve(DONE);
    },
  };

  return {
    body: { [Symbol.asyncIterator]: () => reader },
    start(controller) {
      connection = controller;
      if (signal.aborted) close(new Left());
    },
    push(chunk) {
      if (hasLeft) return;
      if (waiting !== null) {
        const { resolve } = waiting;
        waiting = null;
        resolve({ done: false, value: chunk });
        return;
      }
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= AHEAD_BYTES) connection?.pause();
    },
    end: () => finishWith({}),
    fail: (error) => finishWith({ error: meaning(error) }),
    abort: () => close(new Left()),
    finish: () => {
      isFinished = true;
    },
  };
}
