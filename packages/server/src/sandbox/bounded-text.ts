import type { Readable } from "node:stream";
import type { SandboxText } from "./sandbox.ts";

export interface BoundedText {
  /** What came, once the stream has ended or been given up. */
  read(): SandboxText;
}

/**
 * Keeps the beginning and the end of what a stream brings, at most `keepBytes` of it at any time. `onFlood` is called once
 * where it brings more than `floodBytes`.
 */
export function keepEnds(
  stream: Readable,
  { keepBytes, floodBytes, onFlood }: { readonly keepBytes: number; readonly floodBytes: number; readonly onFlood: () => void },
): BoundedText {
  const half = Math.floor(keepBytes / 2);
  const head: Buffer[] = [];
  let headBytes = 0;
  let tail: Buffer[] = [];
  let tailBytes = 0;
  let totalBytes = 0;
  stream.on("data", (chunk: Buffer) => {
    if (totalBytes <= floodBytes && totalBytes + chunk.length > floodBytes) onFlood();
    totalBytes += chunk.length;
    const toHead = chunk.subarray(0, half - headBytes);
    if (toHead.length > 0) head.push(toHead);
    headBytes += toHead.length;
    if (toHead.length === chunk.length) return;
    tail.push(chunk.subarray(toHead.length));
    tailBytes += chunk.length - toHead.length;
    if (tailBytes > keepBytes) {
      tail = [Buffer.concat(tail).subarray(-half)];
      tailBytes = half;
    }
  });
  // A program that was killed leaves its pipe half-way; what had come counts.
  stream.on("error", () => {});
  return {
    read() {
      const end = Buffer.concat(tail).subarray(-half);
      const droppedBytes = totalBytes - headBytes - end.length;
      const decode = (bytes: Buffer): string => new TextDecoder("utf-8").decode(bytes);
      if (droppedBytes === 0) return { text: decode(Buffer.concat([...head, end])), droppedBytes };
      return { text: `${decode(Buffer.concat(head))}\n[… ${droppedBytes} bytes left out …]\n${decode(end)}`, droppedBytes };
    },
  };
}
