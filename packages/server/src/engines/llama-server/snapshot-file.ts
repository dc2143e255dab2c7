import { constants, createReadStream } from "node:fs";
import { access, open, stat } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { z } from "zod";

/**
 * A snapshot is what llama-server wrote, then our seal: JSON, its length (4 bytes, little-endian) and 8 bytes of magic.
 * llama-server reads from the front and does not mind what follows. Without the seal it would trust any file with the
 * right first bytes, of other weights too.
 */
const MAGIC = Buffer.from("PARLEYKV");
const FOOT_BYTES = 4 + MAGIC.byteLength;
const SEAL_LIMIT_BYTES = 4096;
const READ_CHUNK_BYTES = 4 << 20;

const Seal = z.object({
  fingerprint: z.string(),
  tokens: z.int(),
  payloadBytes: z.int(),
  crc32: z.int(),
});
export type SnapshotSeal = z.infer<typeof Seal>;

/** 2 GB/s; in pieces, so that the event loop runs on between them. */
async function checksum(file: string, bytes: number): Promise<number> {
  let sum = 0;
  if (bytes === 0) return sum;
  for await (const chunk of createReadStream(file, { end: bytes - 1, highWaterMark: READ_CHUNK_BYTES })) {
    sum = crc32(z.instanceof(Buffer).parse(chunk), sum);
  }
  return sum;
}

/** Appends the seal. Returns the file's new size in bytes. */
export async function sealSnapshot(file: string, facts: { fingerprint: string; tokens: number }): Promise<number> {
  const payloadBytes = (await stat(file)).size;
  const seal: SnapshotSeal = { ...facts, payloadBytes, crc32: await checksum(file, payloadBytes) };
  const body = Buffer.from(JSON.stringify(seal));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.byteLength);
  const handle = await open(file, "a");
  try {
    await handle.writeFile(Buffer.concat([body, length, MAGIC]));
  } finally {
    await handle.close();
  }
  return payloadBytes + body.byteLength + FOOT_BYTES;
}

/** The seal of an intact snapshot that was made under `fingerprint`; null for anything else, a missing file included. */
export async function readIntactSnapshot(file: string, fingerprint: string): Promise<SnapshotSeal | null> {
  const readable = await access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
  if (!readable) return null;
  const seal = await readSeal(file);
  if (!seal || seal.fingerprint !== fingerprint) return null;
  return (await checksum(file, seal.payloadBytes)) === seal.crc32 ? seal : null;
}

async function readSeal(file: string): Promise<SnapshotSeal | null> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    if (size < FOOT_BYTES) return null;
    const foot = Buffer.alloc(FOOT_BYTES);
    await handle.read(foot, 0, FOOT_BYTES, size - FOOT_BYTES);
    const sealBytes = foot.readUInt32LE(0);
    if (!foot.subarray(4).equals(MAGIC) || sealBytes > SEAL_LIMIT_BYTES || sealBytes + FOOT_BYTES > size) return null;
    const body = Buffer.alloc(sealBytes);
    await handle.read(body, 0, sealBytes, size - FOOT_BYTES - sealBytes);
    const seal = Seal.safeParse(parseJson(body.toString()));
    return seal.success && seal.data.payloadBytes + sealBytes + FOOT_BYTES === size ? seal.data : null;
  } finally {
    await handle.close();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
