import { readFile, stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import { readPdf } from "../documents/read-pdf.ts";
import type { IndexedPassage } from "../storage/search-index.ts";
import { readPageApart } from "../tools/web-fetch/read-page-apart.ts";
import { splitPassages } from "./split-passages.ts";

export interface ReadDocument {
  readonly title: string;
  readonly passages: readonly IndexedPassage[];
}

type Format = "text" | "markdown" | "html" | "pdf";

const FORMATS: Readonly<Record<string, Format>> = {
  ".txt": "text",
  ".text": "text",
  ".md": "markdown",
  ".markdown": "markdown",
  ".htm": "html",
  ".html": "html",
  ".pdf": "pdf",
};
const FILE_MAX_BYTES = 64 * 1024 ** 2;
const PDF_PAGES_MAX = 5_000;
const TITLE_MAX_CHARACTERS = 300;

/** Null: a file of another kind. */
export function formatOf(path: string): Format | null {
  return FORMATS[extname(path).toLowerCase()] ?? null;
}

/** Throws where the file cannot be read as what its name says. */
export async function readDocument(path: string, format: Format, signal: AbortSignal): Promise<ReadDocument> {
  const { size } = await stat(path);
  if (size > FILE_MAX_BYTES) throw new Error(`${size} bytes are more than ${FILE_MAX_BYTES}`);
  const bytes = await readFile(path);
  const name = basename(path, extname(path));
  const whole = (text: string, title: string | null): ReadDocument => ({
    title: toTitle(title ?? name),
    passages: toPassages(text, ""),
  });
  switch (format) {
    case "text":
      return whole(toText(bytes), null);
    case "markdown": {
      const text = toText(bytes);
      return whole(text, /^#\s+(.+?)\s*#*$/m.exec(text)?.[1] ?? null);
    }
    case "html": {
      const { title, text } = await readPageApart(toText(bytes), signal);
      return whole(text, title);
    }
    case "pdf": {
      const pages = await readPdf(bytes, { pagesMax: PDF_PAGES_MAX }, signal);
      return { title: toTitle(name), passages: pages.flatMap((text, index) => toPassages(text, `#page=${index + 1}`)) };
    }
    default:
      return format satisfies never;
  }
}

/** The database takes every character but this one. */
function withoutNull(text: string): string {
  return text.replaceAll("\u0000", "");
}

function toText(bytes: Buffer): string {
  if (bytes.includes(0)) throw new Error("it is no text");
  return new TextDecoder().decode(bytes);
}

function toTitle(title: string): string {
  return withoutNull(title).slice(0, TITLE_MAX_CHARACTERS);
}

function toPassages(text: string, fragment: string): IndexedPassage[] {
  return splitPassages(withoutNull(text)).map((each) => ({ fragment, text: each }));
}
