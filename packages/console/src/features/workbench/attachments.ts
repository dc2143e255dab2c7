import { randomId } from "./random-id.ts";

/** What goes with a message: a picture, a PDF or a text. Only in this page's memory. */
export interface Attachment {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly kind: "image" | "pdf" | "text";
  readonly mediaType: string;
  /** base64, or the text itself. */
  readonly data: string;
}

const IMAGE_TYPES: ReadonlySet<string> = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);
/** What a request to the API may hold at most; more would be refused after it was sent. */
const BYTES_MAX = 32 * 1024 ** 2;

export type Unusable = "too-large" | "unknown-type";

/** Reads a file that somebody chose, dropped or pasted. What the model then does with it the API says. */
export async function readAttachment(file: File): Promise<Attachment | Unusable> {
  if (file.size > BYTES_MAX) return "too-large";
  const common = { id: randomId(), name: file.name, bytes: file.size };
  if (IMAGE_TYPES.has(file.type)) return { ...common, kind: "image", mediaType: file.type, data: await toBase64(file) };
  if (file.type === "application/pdf") return { ...common, kind: "pdf", mediaType: file.type, data: await toBase64(file) };
  try {
    const data = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    return data.includes("\0") ? "unknown-type" : { ...common, kind: "text", mediaType: "text/plain", data };
  } catch {
    return "unknown-type";
  }
}

/** The block of the Messages API; `isCited` asks for citations of what it says. */
export function toBlock({ kind, name, mediaType, data }: Attachment, isCited: boolean): Readonly<Record<string, unknown>> {
  const cited = isCited ? { citations: { enabled: true } } : {};
  switch (kind) {
    case "image":
      return { type: "image", source: { type: "base64", media_type: mediaType, data } };
    case "pdf":
      return { type: "document", title: name, source: { type: "base64", media_type: mediaType, data }, ...cited };
    case "text":
      return { type: "document", title: name, source: { type: "text", media_type: mediaType, data }, ...cited };
    default:
      kind satisfies never;
      return {};
  }
}

async function toBase64(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  const step = 32_768;
  for (let at = 0; at < bytes.length; at += step) binary += String.fromCharCode(...bytes.subarray(at, at + step));
  return btoa(binary);
}
