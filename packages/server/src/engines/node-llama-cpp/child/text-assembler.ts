import type { NativeModel } from "./addon.ts";

const REPLACEMENT = "\u{fffd}";
/** A character has at most four bytes, but a token may end one and begin the next; what waits longer is broken anyway. */
const LONGEST_WAIT_TOKENS = 8;

/** Turns tokens into whole characters: bytes of an unfinished one wait for the tokens that finish it. */
export interface TextAssembler {
  /** The text that is complete now; "" while a character is unfinished. */
  push(token: number): string;
  /** What is still waiting, however broken. */
  flush(): string;
}

/** `previous`: the token before the first one. SentencePiece drops the leading space of a text, so every piece is read
 *  behind the token before it. */
export function createTextAssembler(model: NativeModel, previous: number | undefined): TextAssembler {
  let anchor = previous === undefined ? [] : [previous];
  let waiting: number[] = [];

  const read = (): string => {
    const before = anchor.length === 0 ? "" : model.detokenize(Uint32Array.from(anchor), true);
    return model.detokenize(Uint32Array.from([...anchor, ...waiting]), true).slice(before.length);
  };
  const take = (text: string): string => {
    const last = waiting.at(-1);
    if (last !== undefined) anchor = [last];
    waiting = [];
    return text;
  };
  return {
    push: (token) => {
      waiting.push(token);
      const text = read();
      return text.endsWith(REPLACEMENT) && waiting.length < LONGEST_WAIT_TOKENS ? "" : take(text);
    },
    flush: () => (waiting.length === 0 ? "" : take(read())),
  };
}
