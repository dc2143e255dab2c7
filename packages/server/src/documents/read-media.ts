import type { CountTokensRequest, ModelCapabilities } from "@parley/wire";
import { type Failure, fail } from "../platform/fail.ts";
import { findImageProblem, measureImage } from "./check-image.ts";
import type { Picture } from "../turn/turn.ts";
import { findMedia, type Media, type Path } from "./find-media.ts";
import type { PlacedText } from "./processes/ocr-messages.ts";
import { PdfError, readPdf } from "./read-pdf.ts";
import { findScreens, toScreenText } from "./screen-text.ts";
import type { TurnTaker } from "../platform/take-turns.ts";
import { createTextCache } from "./text-cache.ts";

/** What was read of a request's PDFs and pictures, by the `source` object that holds or names them. */
export interface ReadMedia {
  /** The text of each page of a PDF. */
  readonly pages: ReadonlyMap<object, readonly string[]>;
  /** The text that stands in a picture; empty where there is none. */
  readonly pictures: ReadonlyMap<object, string>;
  /** The pictures themselves, for a model that sees. */
  readonly seen?: ReadonlyMap<object, Picture>;
}

/** Fetches what a client named by its address. Throws `MediaUnreachable` for whatever is no fault of ours. */
export type FetchMedia = (
  url: string,
  options: { readonly mediaTypes: readonly string[]; readonly maxBytes: number; readonly signal: AbortSignal },
) => Promise<{ readonly mediaType: string; readonly bytes: Uint8Array }>;

export class MediaUnreachable extends Error {
  override readonly name = "MediaUnreachable";
}

export interface MediaReaderDeps {
  readonly fetchMedia: FetchMedia;
  readonly readImageText: (bytes: Uint8Array, signal: AbortSignal) => Promise<string>;
  /** Of a screen: what is clicked has to be found. */
  readonly readImagePlaces: (bytes: Uint8Array, signal: AbortSignal) => Promise<readonly PlacedText[]>;
  /** Bounds the processes that read documents at once. */
  readonly turns: TurnTaker;
}

export interface MediaReading {
  readonly workspaceId: string;
  readonly capabilities: ModelCapabilities;
  /** Pages of PDFs in one request, and pictures in one request. */
  readonly mediaMax: number;
  /** The model is shown pictures, not what is read from them; but for those in documents, which are text to it. */
  readonly seesImages?: boolean;
  /** Zero data retention: nothing of the texts stays in memory for the next turn. */
  readonly keepsNothing: boolean;
  readonly signal: AbortSignal;
}

export interface MediaReader {
  /**
   * Reads what the model can be shown only as text. What the model does not take is not read: its own refusal follows.
   * Throws the platform's `invalid_request_error` for what is broken, locked, too large or not to be had.
   */
  read(request: Pick<CountTokensRequest, "messages" | "tools">, reading: MediaReading): Promise<ReadMedia>;
}

const IMAGE_TYPES = ["image/jpeg", "image/png", "image/gif", "image/webp"];
/** As much as the body of a request may have. */
const PDF_MAX_BYTES = 32 * 1024 * 1024;
/** One more than a picture may have, so that a larger one is refused as too large. */
const IMAGE_FETCH_MAX_BYTES = 5 * 1024 * 1024 + 1;
/** Models that see scale down what is larger (surface.md E). */
const SEEN_SIDE_PIXELS = 1_568;
/** An engine holds all pictures of a prompt at once, decoded, at three bytes a pixel. */
const SEEN_PIXELS_MAX = 128_000_000;
const CACHE_MAX_CHARACTERS = 32 * 1024 * 1024;

export function createMediaReader({ fetchMedia, readImageText, readImagePlaces, turns }: MediaReaderDeps): MediaReader {
  const cache = createTextCache(CACHE_MAX_CHARACTERS);

  async function fetchFrom(url: string, path: Path, mediaTypes: readonly string[], maxBytes: number, signal: AbortSignal) {
    try {
      return await fetchMedia(url, { mediaTypes, maxBytes, signal });
    } catch (error) {
      if (!(error instanceof MediaUnreachable)) throw error;
      throw refused(path, "Unable to download the file. Please verify the URL and try again.", error.message);
    }
  }

  return {
    async read(request, { workspaceId, capabilities, mediaMax, seesImages = false, keepsNothing, signal }) {
      const media = findMedia(request);
      const screens = findScreens(request);
      const images = media.filter(({ kind }) => kind === "image").length;
      const pages = new Map<object, readonly string[]>();
      const pictures = new Map<object, string>();
      const seen = new Map<object, Picture>();
      let pagesRead = 0;
      let seenPixels = 0;

      const textsOf = (kind: string, bytes: Uint8Array, read: () => Promise<readonly string[]>) =>
        keepsNothing ? read() : cache.read({ workspaceId, kind, bytes }, read);

      async function readDocument({ block: { source }, path }: Extract<Media, { kind: "document" }>): Promise<void> {
        if (source.type !== "base64" && source.type !== "url") return;
        const at = [...path, "source", source.type, source.type === "url" ? "url" : "data"];
        const bytes =
          source.type === "url"
            ? (await fetchFrom(source.url, at, ["application/pdf"], PDF_MAX_BYTES, signal)).bytes
            : decodeBase64(source.data);
        if (bytes === null) throw refused(at, PDF_INVALID);
        const left = mediaMax - pagesRead;
        const read = () => turns.take({ whose: workspaceId, signal }, () => readPdf(bytes, { pagesMax: left }, signal));
        const texts = await textsOf("pdf", bytes, read).catch((error: unknown) => {
          throw error instanceof PdfError ? refused(at, pdfFaultText(error.fault, mediaMax), error.message) : error;
        });
        pagesRead += texts.length;
        if (pagesRead > mediaMax) throw refused(at, pdfFaultText("too-many-pages", mediaMax));
        if (texts.every((text) => text === "")) {
          throw refused(at, "The PDF has no text layer, and this model cannot see pictures of its pages.");
        }
        pages.set(source, texts);
      }

      async function readImage({ block, path, toolUseId }: Extract<Media, { kind: "image" }>): Promise<void> {
        const { source } = block;
        if (source.type !== "base64" && source.type !== "url") return;
        const at = [...path, "source", source.type];
        const field = [...at, source.type === "url" ? "url" : "data"];
        const fetched =
          source.type === "url"
            ? await fetchFrom(source.url, field, IMAGE_TYPES, IMAGE_FETCH_MAX_BYTES, signal)
            : { mediaType: source.media_type, bytes: decodeBase64(source.data) };
        const { bytes } = fetched;
        if (bytes === null) throw refused(field, IMAGE_INVALID);
        // What a web server says of a picture is not the client's word.
        const problem = findImageProblem(bytes, source.type === "url" ? null : fetched.mediaType, images);
        if (problem) throw refused(problem.field === "data" ? field : at, problem.text);
        const size = measureImage(bytes);
        if (seesImages && !path.includes("document")) {
          if (
            block.transformations?.oversized_image === "error" &&
            size &&
            Math.max(size.width, size.height) > SEEN_SIDE_PIXELS
          ) {
            const given = `${size.width}x${size.height}`;
            throw refused(
              field,
              `the image is ${given} pixels, and would be scaled down to ${SEEN_SIDE_PIXELS} on its longer side`,
            );
          }
          seenPixels += size ? size.width * size.height : 0;
          if (seenPixels > SEEN_PIXELS_MAX) {
            const most = SEEN_PIXELS_MAX.toLocaleString("en");
            throw refused(field, `the images of the request have more than ${most} pixels together: scale them down`);
          }
          seen.set(source, { mediaType: size?.mediaType ?? fetched.mediaType, base64: Buffer.from(bytes).toString("base64") });
          return;
        }
        const screen = screens.get(toolUseId ?? "");
        const read = () =>
          turns.take({ whose: workspaceId, signal }, async () =>
            screen
              ? (await readImagePlaces(bytes, signal)).map((place) => JSON.stringify(place))
              : [await readImageText(bytes, signal)],
          );
        const texts = await textsOf(screen ? "ocr-places" : "ocr", bytes, read).catch((error: unknown) => {
          if (signal.aborted) throw error;
          throw refused(field, IMAGE_INVALID, String(error));
        });
        const places = () => texts.map((text) => JSON.parse(text) as PlacedText);
        const text = screen && size ? toScreenText(places(), size, screen) : (texts[0] ?? "");
        pictures.set(source, text);
      }

      if (capabilities.image_input.supported && images > mediaMax) {
        throw refused(["messages"], `too many images: ${images} > ${mediaMax} maximum`);
      }
      for (const each of media) {
        if (each.kind === "document" && capabilities.pdf_input.supported) await readDocument(each);
        if (each.kind === "image" && capabilities.image_input.supported) await readImage(each);
      }
      return { pages, pictures, seen };
    },
  };
}

const PDF_INVALID = "The PDF specified was not valid.";
const IMAGE_INVALID = "Could not process image";

function pdfFaultText(fault: PdfError["fault"], pagesMax: number): string {
  switch (fault) {
    case "invalid":
    case "died":
      return PDF_INVALID;
    case "encrypted":
      return "The PDF specified is password protected.";
    case "too-many-pages":
      return `A maximum of ${pagesMax} PDF pages may be provided.`;
    case "too-much-text":
    case "too-large":
    case "too-slow":
      return "The PDF specified is too large to be read.";
    default:
      fault satisfies never;
      return PDF_INVALID;
  }
}

/** Null where it is not base64: Node would leave out what it does not know. */
function decodeBase64(data: string): Uint8Array | null {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(data) ? Buffer.from(data, "base64") : null;
}

function refused(path: Path, text: string, internal?: string): Failure {
  return fail("invalid_request_error", {
    public: `${path.join(".")}: ${text}`,
    ...(internal === undefined ? {} : { internal }),
  });
}
