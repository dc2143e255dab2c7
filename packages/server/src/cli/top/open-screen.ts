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
const QUIT_KEYS = new Set(["q", "Q", ESCAPE, "\u0003"]);

export function openScreen(input: ReadStream, output: WriteStream): Screen {
  const quitting = new AbortController();
  const onKey = (text: string): void => {
    if (QUIT_KEYS.has(text)) quitting.abort();
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
      const size = { width: output.columns, height: output.rows };
      const lines = render(size).slice(0, size.height);
      output.write(HOME + lines.map((line) => line + TO_LINE_END).join("\r\n") + TO_SCREEN_END);
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
