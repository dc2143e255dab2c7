import { crc32, deflateSync } from "node:zlib";

/** A picture of squares whose colours follow from `seed`. */
export function makePng(width: number, height: number, seed: number): Buffer {
  const rows = Array.from({ length: height }, (_, y) =>
    Buffer.from([
      0,
      ...Array.from({ length: width * 3 }, (_each, x) => colour(Math.floor(x / 3 / 8), Math.floor(y / 8), x % 3, seed)),
    ]),
  );
  const size = Buffer.alloc(8);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  const head = Buffer.concat([size, Buffer.of(8, 2, 0, 0, 0)]);
  return Buffer.concat([
    Buffer.from("\u0089PNG\r\n\u001a\n", "latin1"),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(Buffer.concat(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function colour(column: number, row: number, channel: number, seed: number): number {
  return (Math.imul(seed * 31 + channel + 1, 2_654_435_761) + Math.imul(column * 7 + row * 13, 40_503)) >>> 24;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
