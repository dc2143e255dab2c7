import type { ReadStream, WriteStream } from "node:tty";

export interface ScreenSize {
  readonly width: number;
  readonly height: number;
}

/** The whole terminal, until it is left; what stood there before comes back. */
export interface Screen extends AsyncDisposable {
  /** Aborted when somebody presses `q`, Escape or Ctrl-C. */
  readonly quit: AbortSignal;
  /** Writes over what is there, line by line, in one write: nothing is cleared first, so nothing flickers. */
  draw(render: (size: ScreenSize) => readonly string[]): void;
  onResize(listener: () => void): void;
}

const ESCAPE = "\u001B";
const ENTER = `${ESCAPE}[?1049h${ESCAPE}[?25l${ESCAPE}[?7l`;
const LEAVE = `${ESCAPE}[?7h${ESCAPE}[?25h${ESCAPE}[?1049l`;
const HOME = `${ESCAPE}[H`;
const TO_LINE_END = `${ESCAPE}[K`;
const TO_SCREEN_END = `${ESCAPE}[J`;
const QUIT_KEYS = ["q", "Q", "\u0003"];
/** Escape alone, or one of the keys among what was typed at once; what begins with an escape is an arrow or the like. */
const isQuit = (typed: string): boolean =>
  typed === ESCAPE || (!typed.startsWith(ESCAPE) && QUIT_KEYS.some((key) => typed.includes(key)));
/** Of a terminal that does not say. */
const USUAL_SIZE: ScreenSize = { width: 80, height: 24 };

export function openScreen(input: ReadStream, output: WriteStream): Screen {
  const quitting = new AbortController();
  const onKey = (text: string): void => {
    if (isQuit(text)) quitting.abort();
  };
  const listeners: (() => void)[] = [];
  const onResize = (): void => {
    for (const listener of listeners) listener();
  };
  const isRaw = input.isTTY;
  if (isRaw) input.setRawMode(true);
  input.setEncoding("utf8").on("data", onKey).resume();
  output.on("resize", onResize);
  output.write(ENTER);
  return {
    quit: quitting.signal,
    draw(render) {
      const size = { width: output.columns || USUAL_SIZE.width, height: output.rows || USUAL_SIZE.height };
      const lines = render(size).slice(0, size.height);
      // Behind a full line the cursor stays on its last character, which clearing would take away.
      const cleared = lines.map((line) => (line.length < size.width ? line + TO_LINE_END : line));
      output.write(HOME + cleared.join("\r\n") + (lines.length < size.height ? `\r\n${TO_SCREEN_END}` : ""));
    },
    onResize: (listener) => void listeners.push(listener),
    async [Symbol.asyncDispose]() {
      output.off("resize", onResize);
      input.off("data", onKey).pause();
      if (isRaw) input.setRawMode(false);
      await new Promise<void>((resolve) => output.write(LEAVE, () => resolve()));
    },
  };
}
