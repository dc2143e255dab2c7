import { constants } from "node:buffer";

/** One file of an archive. A reader takes its content before it asks for the next. */
export interface TarEntry {
  readonly name: string;
  readonly sizeBytes: number;
  readonly content: AsyncIterable<Buffer>;
}

const BLOCK = 512;
const END = Buffer.alloc(BLOCK * 2);

/** A file whose content is in memory. */
export const fileOf = (name: string, content: Buffer): TarEntry => ({
  name,
  sizeBytes: content.length,
  content: (async function* whole() {
    yield content;
  })(),
});

/** The plain tar format (ustar), so that any tool can look into a backup. */
export async function* writeTar(entries: AsyncIterable<TarEntry>): AsyncGenerator<Buffer, void, void> {
  for await (const { name, sizeBytes, content } of entries) {
    yield header(name, sizeBytes);
    let written = 0;
    for await (const chunk of content) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== sizeBytes) throw new Error(`${name} has ${written} bytes instead of ${sizeBytes}`);
    yield Buffer.alloc(padding(sizeBytes));
  }
  yield END;
}

/** The files of an archive as they come. Throws for one that is cut off. */
export async function* readTar(source: AsyncIterable<Buffer>): AsyncGenerator<TarEntry, void, void> {
  const reader = createReader(source);
  for (;;) {
    const block = await reader.exactly(BLOCK);
    if (block.every((byte) => byte === 0)) return;
    const { name, sizeBytes } = parseHeader(block);
    const content = reader.upTo(sizeBytes);
    yield { name, sizeBytes, content };
    // What the reader of the entry left is skipped.
    for await (const _ of content);
    await reader.exactly(padding(sizeBytes));
  }
}

function createReader(source: AsyncIterable<Buffer>) {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);

  async function more(): Promise<Buffer> {
    if (rest.length > 0) return rest;
    const next = await chunks.next();
    if (next.done) throw new Error("the backup is cut off");
    return next.value;
  }

  async function* upTo(sizeBytes: number): AsyncGenerator<Buffer, void, void> {
    let left = sizeBytes;
    while (left > 0) {
      const chunk = await more();
      const part = chunk.subarray(0, left);
      rest = chunk.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  async function exactly(sizeBytes: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of upTo(sizeBytes)) parts.push(part);
    return Buffer.concat(parts);
  }

  return { upTo, exactly };
}

const padding = (sizeBytes: number): number => (BLOCK - (sizeBytes % BLOCK)) % BLOCK;

function header(name: string, sizeBytes: number): Buffer {
  const [prefix, base] = splitName(name);
  const block = Buffer.alloc(BLOCK);
  const put = (text: string, at: number) => block.write(text, at, "latin1");
  put(base, 0);
  put("0000600\0", 100);
  put("0000000\0", 108);
  put("0000000\0", 116);
  put(`${sizeBytes.toString(8).padStart(11, "0")}\0`, 124);
  put(`${"0".repeat(11)}\0`, 136);
  put(" ".repeat(8), 148);
  put("0", 156);
  put("ustar\0", 257);
  put("00", 263);
  put(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** ustar keeps the last 100 characters of a path apart from up to 155 before them. */
function splitName(name: string): readonly [string, string] {
  if (name.length <= 100) return ["", name];
  const at = name.indexOf("/", name.length - 101);
  if (at === -1 || at > 155) throw new Error(`${name} is too long for an archive`);
  return [name.slice(0, at), name.slice(at + 1)];
}

function parseHeader(block: Buffer): { name: string; sizeBytes: number } {
  const text = (from: number, length: number) => {
    const field = block.subarray(from, from + length);
    const end = field.indexOf(0);
    return field.subarray(0, end === -1 ? length : end).toString("latin1");
  };
  const sum = Number.parseInt(text(148, 8), 8);
  const actual = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (sum !== actual || text(257, 5) !== "ustar") throw new Error("this is not a backup, or it is damaged");
  const prefix = text(345, 155);
  const sizeBytes = Number.parseInt(text(124, 12), 8);
  if (!(sizeBytes >= 0 && sizeBytes < constants.MAX_LENGTH)) throw new Error("this is not a backup, or it is damaged");
  return { name: prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`, sizeBytes };
}
