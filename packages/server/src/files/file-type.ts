import { fileTypeFromBuffer } from "file-type";
import { fail } from "../platform/fail.ts";

/** What of a file's beginning tells its type; the library asks for as much. */
export const SAMPLE_BYTES = 4_100;

/** Types that blocks name and the model reads: a file that says one of them must be one. */
const READ_BY_MODELS = new Set(["application/pdf", "image/jpeg", "image/png", "image/gif", "image/webp"]);
/** What clients send that do not know the type; also what a part without a type counts as. */
const UNSPECIFIC = new Set(["application/octet-stream", "binary/octet-stream", "text/plain", ""]);

const EXTENSIONS: Readonly<Record<string, string>> = {
  "application/pdf": "pdf",
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/gif": "gif",
  "image/webp": "webp",
  "text/plain": "txt",
  "text/csv": "csv",
  "text/html": "html",
  "text/markdown": "md",
  "application/json": "json",
  "application/xml": "xml",
  "application/zip": "zip",
};

/**
 * The type to store: what the first bytes say where the client's word is unspecific, else the client's word. Throws
 * `invalid_request_error` where the two contradict each other about a type that models read.
 */
export async function decideFileType(declared: string, sample: Uint8Array): Promise<string> {
  const claimed = declared.toLowerCase() === "image/jpg" ? "image/jpeg" : declared.toLowerCase();
  const sniffed = (await fileTypeFromBuffer(sample))?.mime.split(";")[0] ?? null;
  if (UNSPECIFIC.has(claimed)) return sniffed ?? (isText(sample) ? "text/plain" : "application/octet-stream");
  const contradicts = claimed !== sniffed && (READ_BY_MODELS.has(claimed) || (sniffed !== null && READ_BY_MODELS.has(sniffed)));
  if (contradicts) {
    const found = sniffed ?? (isText(sample) ? "text/plain" : "an unknown type");
    throw fail("invalid_request_error", { public: `file: The content is ${found}, but the part says ${claimed.slice(0, 100)}` });
  }
  return claimed;
}

/** What a name says of a text's type, which its bytes do not tell; empty where it says nothing. */
export function textTypeOf(filename: string): string {
  const extension = filename.split(".").at(-1)?.toLowerCase();
  const [type] = Object.entries(EXTENSIONS).find(([, usual]) => usual === extension) ?? [""];
  return type.startsWith("text/") || type === "application/json" || type === "application/xml" ? type : "";
}

/** With its dot; empty for a type without a usual one. */
export function extensionOf(mimeType: string): string {
  const extension = EXTENSIONS[mimeType];
  return extension === undefined ? "" : `.${extension}`;
}

/** UTF-8 as far as the sample goes, whose last character may be cut. */
function isText(sample: Uint8Array): boolean {
  if (sample.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(sample, { stream: true });
    return true;
  } catch {
    return false;
  }
}
