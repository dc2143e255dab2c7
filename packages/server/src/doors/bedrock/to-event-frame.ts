import { crc32 } from "node:zlib";

/** Total length, length of the headers, and the checksum of both. */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
/** The type of a header whose value is a text. */
const TEXT = 7;

/**
 * One message of an AWS event stream (application/vnd.amazon.eventstream), with the checksums of its prelude and of the whole.
 * Written here, as the library that reads it in the tests takes 10 MiB of every server's memory.
 */
export function toEventFrame(headers: Readonly<Record<string, string>>, payload: object): Buffer {
  const head = Buffer.concat(Object.entries({ ...headers, ":content-type": "application/json" }).map(toHeader));
  const body = Buffer.from(JSON.stringify(payload));
  const prelude = Buffer.alloc(PRELUDE_BYTES);
  prelude.writeUInt32BE(PRELUDE_BYTES + head.length + body.length + CHECKSUM_BYTES, 0);
  prelude.writeUInt32BE(head.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32BE(crc32(body, crc32(head, crc32(prelude))));
  return Buffer.concat([prelude, head, body, checksum]);
}

function toHeader([name, value]: readonly [string, string]): Buffer {
  const text = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length);
  return Buffer.concat([Buffer.of(name.length), Buffer.from(name), Buffer.of(TEXT), length, text]);
}
