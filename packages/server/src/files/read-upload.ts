import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { BlobFacts } from "../blobs/index.ts";
import { fail, type Failure } from "../platform/fail.ts";
import { SAMPLE_BYTES } from "./file-type.ts";
import { isParserError, notMultipart, openForm } from "./open-form.ts";

/** Source: surface.md E. */
const FILE_MAX_BYTES = 500 * 1024 * 1024;
/** A form with one file of the largest size. */
export const FORM_MAX_BYTES = FILE_MAX_BYTES + 64 * 1024;
const EXPIRY_MIN_SECONDS = 3_600;
const EXPIRY_MAX_SECONDS = 7_776_000;

export interface Upload {
  readonly filename: string | undefined;
  readonly declaredType: string;
  /** The first bytes. */
  readonly sample: Uint8Array;
  readonly facts: BlobFacts;
  readonly expiresInSeconds: number | null;
}

/**
 * Reads a multipart form with one `file`, whose bytes go to `store` as they come in. Throws `invalid_request_error` for
 * any other form; `store` has then failed or its blob is for the caller to remove.
 */
export async function readUpload(
  contentType: string | undefined,
  body: Readable,
  store: (content: AsyncIterable<Uint8Array>) => Promise<BlobFacts>,
): Promise<Upload> {
  const parser = openForm(contentType, {
    isFile: (field, filename) => field === "file" || filename !== undefined,
    limits: { fileSize: FILE_MAX_BYTES, files: 1, fields: 8, parts: 10, fieldSize: 1_024 },
  });
  const fields = new Map<string, string>();
  const received: { file: ReceivedFile | null } = { file: null };
  const refuse = (text: string): void => void parser.destroy(fail("invalid_request_error", { public: text }));

  parser.on("file", (field, stream, name, _encoding, type) => {
    if (field !== "file") return refuse(`${field.slice(0, 100)}: Extra inputs are not permitted`);
    stream.once("limit", () => parser.destroy(tooLarge()));
    const tap = createTap(stream);
    const stored = store(tap.bytes);
    // A store that fails ends the reading of the form.
    stored.catch((error: unknown) => parser.destroy(error as Error));
    received.file = { name, type, stream, sample: tap.sample, stored };
  });
  parser.on("field", (field, value) => {
    if (field !== "expires_in_seconds") return refuse(`${field.slice(0, 100)}: Extra inputs are not permitted`);
    fields.set(field, value);
  });
  parser.once("filesLimit", () => refuse("file: Only one file may be given"));
  parser.once("partsLimit", () => refuse("The form has too many parts"));

  try {
    await pipeline(body, parser);
  } catch (error) {
    const cause = isParserError(error) ? notMultipart() : (error as Error);
    received.file?.stream.destroy(cause);
    // Nothing may be left behind by the time the client is told.
    await received.file?.stored.catch(() => {});
    throw cause;
  }
  const { file } = received;
  if (!file) throw fail("invalid_request_error", { public: "file: Field required" });
  const facts = await file.stored;
  return {
    filename: file.name,
    declaredType: file.type,
    sample: file.sample(),
    facts,
    expiresInSeconds: parseExpiry(fields.get("expires_in_seconds")),
  };
}

interface ReceivedFile {
  /** Absent where the client sent none, whatever the parser's types say. */
  readonly name: string | undefined;
  readonly type: string;
  readonly stream: Readable;
  readonly sample: () => Buffer;
  readonly stored: Promise<BlobFacts>;
}

/** Keeps the first bytes of what passes. */
function createTap(stream: Readable): { readonly bytes: AsyncIterable<Uint8Array>; readonly sample: () => Buffer } {
  const kept: Buffer[] = [];
  let keptBytes = 0;
  async function* pass(): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (keptBytes < SAMPLE_BYTES) {
        kept.push(Buffer.from(chunk.subarray(0, SAMPLE_BYTES - keptBytes)));
        keptBytes += kept.at(-1)?.length ?? 0;
      }
      yield chunk;
    }
  }
  return { bytes: pass(), sample: () => Buffer.concat(kept) };
}

function parseExpiry(value: string | undefined): number | null {
  if (value === undefined || value === "") return null;
  const refuse = (text: string): Failure => fail("invalid_request_error", { public: `expires_in_seconds: ${text}` });
  if (!/^-?\d{1,15}$/.test(value)) throw refuse("Input should be a valid integer, unable to parse string as an integer");
  const seconds = Number(value);
  if (seconds < EXPIRY_MIN_SECONDS) throw refuse(`Input should be greater than or equal to ${EXPIRY_MIN_SECONDS}`);
  if (seconds > EXPIRY_MAX_SECONDS) throw refuse(`Input should be less than or equal to ${EXPIRY_MAX_SECONDS}`);
  return seconds;
}

function tooLarge(): Failure {
  return fail("request_too_large", { public: `File exceeds the maximum size of ${FILE_MAX_BYTES / 1024 / 1024} MB.` });
}
