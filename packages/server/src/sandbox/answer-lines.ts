import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import type { RunTimer } from "./run-timer.ts";
import type { SandboxEnd, SandboxTalk } from "./sandbox.ts";

const LINE_MAX_BYTES = 1024 ** 2;
const LINES_MAX = 1_000;
const NEWLINE = 10;

/**
 * Answers a program's lines one after the other. While it waits its time stands still, up to all the waiting that it may do.
 * Stopped by calling what it returns, since an answer may come long after the program has ended.
 */
export function answerLines(
  socket: Duplex,
  talk: SandboxTalk,
  { timer, end }: { readonly timer: RunTimer; readonly end: (why: SandboxEnd) => void },
): () => void {
  let lines = 0;
  let bytesSinceLine = 0;
  let waitsLeftMs = talk.waitsMs;
  let isStopped = false;
  let over: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();

  async function answer(line: string): Promise<void> {
    if (isStopped) return;
    const sinceMs = performance.now();
    timer.pause();
    over = setTimeout(() => end("time"), Math.max(0, waitsLeftMs));
    try {
      const answered = await talk.answer(line);
      if (!isStopped) socket.write(`${answered}\n`);
    } catch {
      // What it wrote is no question.
      if (!isStopped) end("output");
    } finally {
      clearTimeout(over);
      waitsLeftMs -= performance.now() - sinceMs;
      timer.goOn();
    }
  }

  // A program that has ended reads nothing, and one that was killed leaves lines half-way. The reader passes errors on.
  const reader = createInterface({ input: socket, crlfDelay: Infinity });
  for (const each of [socket, reader]) each.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    bytesSinceLine = chunk.includes(NEWLINE) ? chunk.length - chunk.lastIndexOf(NEWLINE) : bytesSinceLine + chunk.length;
    if (bytesSinceLine > LINE_MAX_BYTES && !isStopped) end("output");
  });
  reader.on("line", (line) => {
    lines += 1;
    if (isStopped) return;
    if (lines > LINES_MAX || line.length > LINE_MAX_BYTES) return end("output");
    last = last.then(() => answer(line));
  });
  return () => {
    isStopped = true;
    clearTimeout(over);
  };
}
