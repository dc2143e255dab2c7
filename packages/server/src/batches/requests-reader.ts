import { isUtf8 } from "node:buffer";
import { type Failure, fail } from "../platform/fail.ts";

export interface RequestsReader {
  /** The entries of `requests` that are complete with this piece of the body, as their bytes. */
  push(piece: Buffer): Buffer[];
  /** Throws where the body ended too early. */
  end(): void;
}

/** As for a message of its own. Source: surface.md E. */
const ENTRY_MAX_BYTES = 32 * 1024 * 1024;
const KEY_MAX_BYTES = 1_024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

type Place =
  | "start"
  | "first-key"
  | "key"
  | "in-key"
  | "colon"
  | "value"
  | "first-entry"
  | "entry"
  | "in-entry"
  | "after-entry"
  | "after-value"
  | "end";

/**
 * Takes `{"requests": [{…}, …]}` apart as it comes in, and never holds more of it than one entry. What an entry holds is
 * not looked at here, beyond where it ends.
 */
export function createRequestsReader(): RequestsReader {
  let place: Place = "start";
  /** Bytes of the key or entry that is being read, from earlier pieces. */
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let entries = 0;
  let hasRequests = false;
  let depth = 0;
  let isInString = false;
  let isEscaped = false;
  let isFirstPiece = true;

  const take = (piece: Buffer, from: number, to: number): Buffer => {
    const last = piece.subarray(from, to);
    const whole = kept.length === 0 ? last : Buffer.concat([...kept, last]);
    kept = [];
    keptBytes = 0;
    return whole;
  };

  const keep = (piece: Buffer, from: number): void => {
    if (from === piece.length) return;
    kept.push(piece.subarray(from));
    keptBytes += piece.length - from;
    if (place === "in-key" && keptBytes > KEY_MAX_BYTES) throw notJson("a key is too long");
    if (keptBytes > ENTRY_MAX_BYTES) throw tooLarge(entries);
  };

  /** The index after the end of the entry, or -1 where it goes on in the next piece. */
  function endOfEntry(piece: Buffer, from: number): number {
    for (let at = from; at < piece.length; at += 1) {
      const byte = piece[at];
      if (isEscaped) isEscaped = false;
      else if (isInString) {
        if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isInString = false;
      } else if (byte === QUOTE) isInString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        depth -= 1;
        if (depth === 0) return at + 1;
      }
    }
    return -1;
  }

  function endOfKey(piece: Buffer, from: number): number {
    for (let at = from; at < piece.length; at += 1) {
      if (isEscaped) isEscaped = false;
      else if (piece[at] === BACKSLASH) isEscaped = true;
      else if (piece[at] === QUOTE) return at + 1;
    }
    return -1;
  }

  function onKey(bytes: Buffer): void {
    const key = parseKey(bytes);
    if (key !== "requests")
      throw fail("invalid_request_error", { public: `${key.slice(0, 128)}: Extra inputs are not permitted` });
    if (hasRequests) throw fail("invalid_request_error", { public: "requests: The key may be given once only" });
    hasRequests = true;
    place = "colon";
  }

  /** One byte of what stands between keys and entries. */
  function step(byte: number): void {
    if (isSpace(byte)) return;
    switch (place) {
      case "start":
        if (byte !== OPEN_BRACE) throw fail("invalid_request_error", { public: "Input should be a valid dictionary or object" });
        place = "first-key";
        return;
      case "first-key":
      case "key":
        if (byte === QUOTE) place = "in-key";
        else if (byte === CLOSE_BRACE && place === "first-key") place = "end";
        else throw notJson("a key is expected");
        return;
      case "colon":
        if (byte !== COLON) throw notJson("a colon is expected");
        place = "value";
        return;
      case "value":
        if (byte !== OPEN_BRACKET) throw fail("invalid_request_error", { public: "requests: Input should be a valid list" });
        place = "first-entry";
        return;
      case "first-entry":
      case "entry":
        if (byte === CLOSE_BRACKET && place === "first-entry") place = "after-value";
        else if (byte === OPEN_BRACE) {
          place = "in-entry";
          depth = 1;
        } else if (byte === CLOSE_BRACKET || byte === COMMA) throw notJson(`requests.${entries} is missing`);
        else throw fail("invalid_request_error", { public: `requests.${entries}: Input should be a valid dictionary or object` });
        return;
      case "after-entry":
        if (byte === COMMA) place = "entry";
        else if (byte === CLOSE_BRACKET) place = "after-value";
        else throw notJson(`a comma is expected after requests.${entries - 1}`);
        return;
      case "after-value":
        if (byte === COMMA) place = "key";
        else if (byte === CLOSE_BRACE) place = "end";
        else throw notJson("the object does not end");
        return;
      case "end":
        throw notJson("something follows its end");
      case "in-key":
      case "in-entry":
        return;
      default:
        place satisfies never;
    }
  }

  return {
    push(piece) {
      const found: Buffer[] = [];
      let at = 0;
      if (isFirstPiece && piece.length > 0) {
        if (piece[0] === 0xef && piece[1] === 0xbb && piece[2] === 0xbf) at = 3;
        isFirstPiece = false;
      }
      while (at < piece.length) {
        if (place === "in-key") {
          const end = endOfKey(piece, at);
          if (end < 0) {
            keep(piece, at);
            break;
          }
          onKey(take(piece, at, end));
          at = end;
        } else if (place === "in-entry") {
          const end = endOfEntry(piece, at);
          if (end < 0) {
            keep(piece, at);
            break;
          }
          const entry = take(piece, at, end);
          if (entry.length > ENTRY_MAX_BYTES) throw tooLarge(entries);
          found.push(entry);
          entries += 1;
          place = "after-entry";
          at = end;
        } else {
          step(piece[at] ?? 0);
          // The brace of an entry belongs to it.
          if ((place as Place) === "in-entry") kept = [piece.subarray(at, at + 1)];
          at += 1;
        }
      }
      return found;
    },
    end() {
      if (place !== "end") throw notJson(place === "start" ? "the body is empty" : "it ends too early");
      if (!hasRequests) throw fail("invalid_request_error", { public: "requests: Field required" });
    },
  };
}

/** The entry as a value; throws `invalid_request_error` that names it. */
export function parseEntry(bytes: Buffer, index: number): unknown {
  if (!isUtf8(bytes)) throw notJson(`requests.${index} is not UTF-8`);
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    throw notJson(`requests.${index} is malformed`);
  }
}

function parseKey(bytes: Buffer): string {
  try {
    return JSON.parse(`"${bytes.toString("utf8")}`) as string;
  } catch {
    throw notJson("a key is malformed");
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function notJson(why: string): Failure {
  return fail("invalid_request_error", { public: `The request body is not valid JSON: ${why}` });
}

function tooLarge(index: number): Failure {
  return fail("request_too_large", {
    public: `requests.${index}: Request exceeds the maximum size of ${ENTRY_MAX_BYTES / 1024 / 1024} MB.`,
  });
}
