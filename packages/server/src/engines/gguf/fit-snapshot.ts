import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";

/** `ggsq` as llama.cpp writes it; its version and the number of tokens follow, then the tokens. */
const MAGIC = 0x67677371;
const HEAD_BYTES = 12;
const WORD_BYTES = 4;
/** More than any context has; a file that says more is none of llama.cpp's. */
const STREAMS_MAX = 4_096;

/**
 * llama.cpp writes into a slot's state how many KV streams its context has, one a slot, with the number of cells of each:
 * all are empty but the slot's own. It refuses the state in a context with another number of slots, for nothing else. This
 * makes a copy beside `file` for a context of `slots`. Null where the file fits as it is, or is no such file. Only for
 * layouts of one plain KV cache (`canTruncate`). `payloadBytes`: where llama.cpp's own part of the file ends.
 */
export async function fitSnapshot(file: string, payloadBytes: number, slots: number): Promise<string | null> {
  const source = await open(file, "r").catch(() => null);
  if (source === null) return null;
  try {
    const cells = await findCells(source, payloadBytes);
    if (cells === null || cells.streams === slots) return null;
    const copy = `${file}.${randomUUID()}`;
    try {
      await writeFitted(file, copy, cells, slots);
    } catch (error) {
      await rm(copy, { force: true });
      throw error;
    }
    return copy;
  } finally {
    await source.close();
  }
}

interface Cells {
  readonly streams: number;
  /** Where the number of streams stands, and so where the tokens end. */
  readonly streamsAt: number;
  /** From the count of the slot's cells to the end of them. */
  readonly from: number;
  readonly to: number;
}

async function findCells(source: FileHandle, payloadBytes: number): Promise<Cells | null> {
  const wordAt = async (position: number): Promise<number> => {
    const word = Buffer.alloc(WORD_BYTES);
    const { bytesRead } = await source.read(word, 0, WORD_BYTES, position);
    return bytesRead === WORD_BYTES && position + WORD_BYTES <= payloadBytes ? word.readUInt32LE(0) : 0;
  };
  if ((await wordAt(0)) !== MAGIC) return null;
  const streamsAt = HEAD_BYTES + WORD_BYTES * (await wordAt(2 * WORD_BYTES));
  const streams = await wordAt(streamsAt);
  if (streams > STREAMS_MAX) return null;
  for (let stream = 0; stream < streams; stream += 1) {
    const from = streamsAt + WORD_BYTES * (1 + stream);
    if ((await wordAt(from)) > 0) return { streams, streamsAt, from, to: payloadBytes - WORD_BYTES * (streams - 1 - stream) };
  }
  return null;
}

async function writeFitted(file: string, copy: string, { streamsAt, from, to }: Cells, slots: number): Promise<void> {
  const target = await open(copy, "wx", 0o600);
  try {
    const append = async (part: AsyncIterable<unknown>): Promise<void> => {
      for await (const chunk of part) await target.writeFile(chunk as Buffer);
    };
    await append(createReadStream(file, { end: streamsAt - 1 }));
    const count = Buffer.alloc(WORD_BYTES);
    count.writeUInt32LE(slots);
    await target.writeFile(count);
    await append(createReadStream(file, { start: from, end: to - 1 }));
    await target.writeFile(Buffer.alloc(WORD_BYTES * (slots - 1)));
  } finally {
    await target.close();
  }
}
