import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Mirror } from "./catalog.ts";
import type { MirrorFetch } from "./fetch-weights.ts";

/** A hub that cannot be reached must not hold up the next mirror for long. */
const CONNECT_TIMEOUT_MS = 4_000;
/** A transfer without a byte for this long is broken; the next start resumes it. */
const STALL_TIMEOUT_MS = 60_000;

/** Downloads from a Hugging Face hub over HTTPS, going on where a broken download ended. */
export function fetchFromHub(mirror: Extract<Mirror, { kind: "huggingface" }>): MirrorFetch {
  return async (weights, { partial }, options) => {
    const url = `${options.hubUrl}/${mirror.repo}/resolve/${mirror.revision}/${weights.file}`;
    let doneBytes = await sizeOf(partial);
    if (doneBytes >= weights.bytes) return;
    const stalled = new AbortController();
    const signal = AbortSignal.any([options.signal, stalled.signal]);
    let timer = setTimeout(() => stalled.abort(new Error("the hub cannot be reached")), CONNECT_TIMEOUT_MS);
    try {
      const response = await fetch(url, {
        headers: doneBytes > 0 ? { range: `bytes=${doneBytes}-` } : {},
        signal,
      });
      if (!response.ok || response.body === null) throw new Error(`the hub answered ${response.status}`);
      // A hub that ignores the range sends the file from its beginning.
      const resumed = response.status === 206;
      if (!resumed) doneBytes = 0;
      const counted = async function* (source: AsyncIterable<Uint8Array>) {
        for await (const chunk of source) {
          clearTimeout(timer);
          timer = setTimeout(() => stalled.abort(new Error("the transfer stalled")), STALL_TIMEOUT_MS);
          doneBytes += chunk.length;
          options.onProgress({ phase: "download", source: "hub", doneBytes, totalBytes: weights.bytes });
          yield chunk;
        }
      };
      const body = Readable.fromWeb(response.body);
      await pipeline(body, counted, createWriteStream(partial, { flags: resumed ? "a" : "w" }), { signal });
    } catch (error) {
      throw describe(error, stalled.signal);
    } finally {
      clearTimeout(timer);
    }
  };
}

function describe(error: unknown, stalled: AbortSignal): unknown {
  if (stalled.aborted) return stalled.reason;
  // fetch() hides the reason in its cause.
  if (error instanceof TypeError && error.cause instanceof Error) return error.cause;
  return error;
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch {
    return 0;
  }
}
