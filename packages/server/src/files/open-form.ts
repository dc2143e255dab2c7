import { Busboy, type BusboyConfig, type BusboyInstance } from "@fastify/busboy";
import { type Failure, fail } from "../platform/fail.ts";

export interface FormOptions {
  /** Whether a part is read as a file. `filename` is absent where the client sent none. */
  readonly isFile: (field: string, filename: string | undefined) => boolean;
  readonly limits: NonNullable<BusboyConfig["limits"]>;
}

/** A parser for a multipart form; throws `invalid_request_error` where the content type is none. */
export function openForm(contentType: string | undefined, { isFile, limits }: FormOptions): BusboyInstance {
  if (!/^multipart\/form-data\s*;/i.test(contentType ?? "")) {
    throw fail("invalid_request_error", { public: "Content-Type must be multipart/form-data with a boundary" });
  }
  try {
    return new Busboy({
      headers: { "content-type": contentType ?? "" },
      // A name may be a path: what is taken of it is decided where it is read.
      preservePath: true,
      isPartAFile: (field, _type, filename) => isFile(field ?? "", filename),
      limits: { headerPairs: 32, headerSize: 16_384, ...limits },
    });
  } catch {
    throw notMultipart();
  }
}

/** The parser's own errors are plain; a client that left and a disk that is full are not. */
export function isParserError(error: unknown): boolean {
  return error instanceof Error && error.constructor === Error;
}

export function notMultipart(): Failure {
  return fail("invalid_request_error", { public: "The request body is not valid multipart/form-data" });
}
