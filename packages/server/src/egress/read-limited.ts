import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { EgressError } from "./egress-error.ts";

/** A reply's body, decompressed, up to so many bytes: a small bomb that grows is cut where it is too large. */
export async function* readLimited(
  response: IncomingMessage,
  { maxBytes, explain }: { readonly maxBytes: number; readonly explain: (error: unknown) => unknown },
): AsyncGenerator<Uint8Array, void, void> {
  let bytes = 0;
  try {
    for await (const chunk of decompress(response) as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw new EgressError("too-large", `more than ${maxBytes} bytes`);
      yield chunk;
    }
  } catch (error) {
    throw explain(error);
  } finally {
    response.destroy();
  }
}

function decompress(response: IncomingMessage): Readable {
  const decoder = decoderOf(response.headers["content-encoding"] ?? "");
  if (decoder === null) return response;
  response.on("error", (error) => decoder.destroy(error));
  return response.pipe(decoder);
}

function decoderOf(encoding: string) {
  switch (encoding.trim().toLowerCase()) {
    case "":
    case "identity":
      return null;
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "deflate":
      return createInflate();
    case "br":
      return createBrotliDecompress();
    default:
      throw new EgressError("refused-type", `the content's encoding is ${encoding}`);
  }
}

/** A whole body. */
export async function readAll(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
