import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type Readable, Transform } from "node:stream";
import { fail } from "../platform/fail.ts";
import { wrongSignature } from "./aws/signature-failure.ts";
import { ClientGone } from "./error-reply.ts";

const BYTES_PER_MB = 1024 * 1024;

/** Refuses a body whose announced length is too large, before a byte of it is read. */
export function checkBodyHeaders(incoming: IncomingMessage, maxBytes: number, { takesEncoded = false } = {}): void {
  const encoding = incoming.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity" && !takesEncoded) {
    throw fail("invalid_request_error", {
      public: `Content-Encoding '${encoding}' is not supported; send the body as it is.`,
      details: { error_code: "request_body_encoding_unsupported" },
    });
  }
  if (Number(incoming.headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
}

/** For a body that is read whole. */
const BODY_TIMEOUT_MS = 120_000;
/** An upload may take long, but not while nothing comes. */
const UPLOAD_SILENCE_MS = 60_000;

/** How a body is read. */
export interface BodyReading {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** What it must hash to, where its sender signed that. */
  readonly sha256: string | null;
}

/** Reads the whole body; throws `request_too_large` as soon as it has grown over the limit, and the signal's reason. */
export async function readBody(incoming: IncomingMessage, { sha256, ...reading }: BodyReading): Promise<Buffer> {
  const body = await readBytes(incoming, reading);
  if (sha256 !== null && sha256Of(body) !== sha256) throw wrongSignature();
  return body;
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function readBytes(incoming: IncomingMessage, { maxBytes, signal }: Omit<BodyReading, "sha256">): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const timer = setTimeout(() => reject(tooSlow()), BODY_TIMEOUT_MS);
  const chunks: Buffer[] = [];
  let bytes = 0;
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      // What still comes is read for a moment, and cut off, by the server (cut-off-unread.ts).
      incoming.off("data", onData);
      chunks.length = 0;
      reject(tooLarge(maxBytes));
    } else chunks.push(chunk);
  };
  incoming.on("data", onData);
  incoming.once("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes)));
  incoming.once("error", () => reject(new ClientGone("closed")));
  // Every request closes; an error that nobody sees would cost its stack trace.
  incoming.once("close", () => {
    if (!incoming.complete) reject(new ClientGone("closed"));
  });
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  });
}

/** The body as it comes; fails with `request_too_large` where it grows over the limit, as `ClientGone` where it breaks off. */
export function openUpload(incoming: IncomingMessage, { maxBytes, signal, sha256 }: BodyReading): Readable {
  let bytes = 0;
  const hash = sha256 === null ? null : createHash("sha256");
  // A reader that takes nothing for so long is at fault itself, and its failure is the same to the client.
  const silence = setTimeout(() => limited.destroy(tooSlow()), UPLOAD_SILENCE_MS);
  const limited = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      silence.refresh();
      bytes += chunk.length;
      hash?.update(chunk);
      if (bytes > maxBytes) done(tooLarge(maxBytes));
      else done(null, chunk);
    },
    flush(done) {
      done(hash !== null && hash.digest("hex") !== sha256 ? wrongSignature() : null);
    },
  });
  // Not `pipeline`: it would destroy the request, and with it the connection that the error is to be told on.
  incoming.pipe(limited);
  incoming.once("close", () => {
    if (!incoming.complete) limited.destroy(new ClientGone("closed"));
  });
  signal.addEventListener("abort", () => limited.destroy(signal.reason as Error), { once: true });
  // What nobody reads any more still has to come in before the reply can be read.
  limited.once("close", () => {
    clearTimeout(silence);
    incoming.unpipe(limited).resume();
  });
  limited.once("end", () => clearTimeout(silence));
  // A failure that comes while nobody reads is told at the next read.
  limited.on("error", () => {});
  return limited;
}

function tooSlow() {
  return fail("timeout_error", { public: "The request did not arrive in time." });
}

function tooLarge(maxBytes: number) {
  return fail("request_too_large", {
    public: `Request exceeds the maximum size of ${Math.floor(maxBytes / BYTES_PER_MB)} MB.`,
  });
}

export function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) throw notJson("the body is empty");
  if (!isUtf8(bytes)) throw notJson("it is not UTF-8");
  const text = bytes.toString("utf8");
  try {
    return JSON.parse(text.startsWith("\uFEFF") ? text.slice(1) : text);
  } catch (error) {
    // The engine's message quotes the body; only the place is told.
    const place = /position \d+(?: \(line \d+ column \d+\))?/.exec(error instanceof Error ? error.message : "");
    throw notJson(place ? `error at ${place[0]}` : "it ends too early or holds an unexpected character");
  }
}

function notJson(why: string) {
  return fail("invalid_request_error", { public: `The request body is not valid JSON: ${why}` });
}
