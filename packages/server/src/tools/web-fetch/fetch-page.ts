import { PdfError, readPdf } from "../../documents/read-pdf.ts";
import type { TurnTaker } from "../../platform/take-turns.ts";
import { pageHeading } from "../../prompt/index.ts";
import { type Egress, EgressError, type EgressReply, readAll } from "../../egress/index.ts";
import { ServerToolError } from "../server-tool.ts";
import type { PageReader } from "./create-page-reader.ts";

export interface FetchedPage {
  /** Where redirects led. */
  readonly url: string;
  readonly title: string | null;
  readonly text: string;
  readonly retrievedAtMs: number;
}

export interface FetchPageOptions {
  readonly nowMs: () => number;
  /** Whether a redirect may lead there. */
  readonly mayFollow: (url: string) => boolean;
  readonly workspaceId: string;
  /** Bounds the processes and threads that read pages at once. */
  readonly turns: TurnTaker;
  readonly pages: Pick<PageReader, "warm" | "read">;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 20_000;
const TEXT_MAX_BYTES = 2 * 1024 ** 2;
const PDF_MAX_BYTES = 16 * 1024 ** 2;
const PDF_PAGES_MAX = 100;
const TITLE_MAX_CHARACTERS = 500;
const PDF = "application/pdf";
const HTML = new Set(["text/html", "application/xhtml+xml"]);
const TEXT = /^text\/|^application\/(.*\+)?(json|xml|yaml|javascript)$/;

/** The text at an address, through the one way out. Throws `ServerToolError` with the platform's code. */
export async function fetchPage(
  egress: Egress,
  url: string,
  { nowMs, mayFollow, workspaceId, turns, pages, signal }: FetchPageOptions,
): Promise<FetchedPage> {
  pages.warm();
  const reply = await egress(url, {
    headers: { accept: "text/html, text/plain;q=0.9, */*;q=0.1", "user-agent": "Parley" },
    timeoutMs: TIMEOUT_MS,
    maxBytes: PDF_MAX_BYTES,
    accepts: (mediaType) => mediaType === "" || mediaType === PDF || HTML.has(mediaType) || TEXT.test(mediaType),
    mayFollow,
    signal,
  }).catch((error: unknown) => {
    throw toToolError(error);
  });
  if (reply.status < 200 || reply.status > 299) {
    reply.close();
    throw new ServerToolError(reply.status === 429 ? "too_many_requests" : "url_not_accessible", `it answers ${reply.status}`);
  }
  const bytes = await readAll(reply.body).catch((error: unknown) => {
    throw toToolError(error);
  });
  const inTurn = <Result>(work: () => Promise<Result>) => turns.take({ whose: workspaceId, signal }, work);
  const place = { url: reply.url, retrievedAtMs: nowMs() };
  if (reply.mediaType === PDF) return { ...place, title: null, text: await inTurn(() => readPdfText(bytes, signal)) };
  if (bytes.length > TEXT_MAX_BYTES) throw new ServerToolError("content_too_large", `${bytes.length} bytes`);
  const source = decode(bytes, reply);
  if (source.includes("\u0000")) throw new ServerToolError("unsupported_content_type", "the content is no text");
  const page = HTML.has(reply.mediaType) ? await inTurn(() => pages.read(source, signal)) : { title: null, text: source };
  return { ...place, title: page.title?.slice(0, TITLE_MAX_CHARACTERS) ?? null, text: page.text };
}

/** Each page under its number, as in a PDF that a request holds. */
async function readPdfText(bytes: Buffer, signal: AbortSignal): Promise<string> {
  try {
    const pages = await readPdf(bytes, { pagesMax: PDF_PAGES_MAX }, signal);
    return pages.map((text, index) => `${pageHeading(index + 1)}${text}`).join("\n\n");
  } catch (error) {
    if (!(error instanceof PdfError)) throw error;
    throw new ServerToolError("unsupported_content_type", `the PDF: ${error.message}`, error);
  }
}

function decode(bytes: Buffer, { headers, mediaType }: EgressReply): string {
  const declared = /charset\s*=\s*"?([\w.:-]+)/i.exec(headers["content-type"] ?? "")?.[1];
  const inPage = HTML.has(mediaType)
    ? /<meta[^>]+charset\s*=\s*["']?([\w.:-]+)/i.exec(bytes.toString("latin1", 0, 2048))?.[1]
    : undefined;
  try {
    return new TextDecoder(declared ?? inPage ?? "utf-8").decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}

function toToolError(error: unknown): unknown {
  if (!(error instanceof EgressError)) return error;
  const code = () => {
    switch (error.reason) {
      case "refused-url":
      case "refused-address":
      case "refused-redirect":
        return "url_not_allowed";
      case "too-large":
        return "content_too_large";
      case "refused-type":
        return "unsupported_content_type";
      case "unresolved":
      case "unreachable":
      case "too-many-redirects":
      case "timeout":
        return "url_not_accessible";
      default:
        return error.reason satisfies never;
    }
  };
  return new ServerToolError(code(), error.message, error);
}
