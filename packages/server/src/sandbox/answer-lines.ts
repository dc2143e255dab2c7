import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import type { RunTimer } from "./run-timer.ts";
import type { SandboxEnd, SandboxTalk } from "./sandbox.ts";

const LINE_MAX_BYTES = 1024 ** 2;
const LINES_MAX = 1_000;
const NEWLINE = 10;

/**
 * Answers a program's lines one after the other, and reads no further until it has taken the answer: what it writes ahead waits in its
 * own memory, not in ours. While it waits its time stands still, and so do all its processes, up to all the waiting that it may do.
 * Stopped by calling what it returns, since an answer may come long after the program has ended.
 */
export function answerLines(
  socket: Duplex,
  talk: SandboxTalk,
  {
    timer,
    freeze,
    end,
  }: {
    readonly timer: RunTimer;
    /** Stops its processes until what it returns is called. */
    readonly freeze: () => () => Promise<void>;
    readonly end: (why: SandboxEnd) => void;
  },
): () => void {
  let lines = 0;
  let bytesSinceLine = 0;
  let waitsLeftMs = talk.waitsMs;
  let isStopped = false;
  let over: NodeJS.Timeout | undefined;
  let thaw: (() => Promise<void>) | null = null;
  let last: Promise<void> = Promise.resolve();
  /** Lines that were read with the one that is being answered. */
  let unanswered = 0;

  async function answer(line: string): Promise<void> {
    if (isStopped) return;
    const sinceMs = performance.now();
    timer.pause();
    thaw = freeze();
    over = setTimeout(() => end("time"), Math.max(0, waitsLeftMs));
    let answered: string | null = null;
    try {
      answered = await talk.answer(line);
    } catch {
      // What it wrote is no question.
      if (!isStopped) end("output");
    } finally {
      clearTimeout(over);
      waitsLeftMs -= performance.now() - sinceMs;
      await thaw();
      thaw = null;
      timer.goOn();
    }
    // Until it has taken the answer its own time runs.
    if (answered === null || isStopped || socket.write(`${answered}\n`)) return;
    await Promise.race([once(socket, "drain"), once(socket, "close")]).catch(() => {});
  }

  // A program that has ended reads nothing, and one that was killed leaves lines half-way. The reader passes errors on.
  const reader = createInterface({ input: socket, crlfDelay: Infinity });
  for (const each of [socket, reader]) each.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    bytesSinceLine = chunk.includes(NEWLINE) ? chunk.length - chunk.lastIndexOf(NEWLINE) : bytesSinceLine + chunk.length;
    if (bytesSinceLine > LINE_MAX_BYTES && !isStopped) end("output");
  });
  let isClosed = false;
  reader.once("close", () => {
    isClosed = true;
  });
  const setReading = (reads: boolean): void => {
    // One that is closed may not be asked any more.
    if (!isClosed) reader[reads ? "resume" : "pause"]();
  };
  reader.on("line", (line) => {
    lines += 1;
    if (isStopped) return;
    if (lines > LINES_MAX || line.length > LINE_MAX_BYTES) return end("output");
    unanswered += 1;
    setReading(false);
    last = last
      .then(() => answer(line))
      .then(() => {
        unanswered -= 1;
        if (unanswered === 0) setReading(true);
      });
  });
  return () => {
    isStopped = true;
    clearTimeout(over);
    // Its answer may never come.
    void thaw?.();
    // What it has still written is read, so that its end is seen, and dropped.
    setReading(true);
  };
}
