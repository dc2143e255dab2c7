/** What crosses between this server and the process that reads a PDF. */
export interface PdfTask {
  readonly bytes: Uint8Array;
  readonly pagesMax: number;
  readonly charactersMax: number;
}

export type PdfReply =
  | { readonly type: "text"; readonly pages: readonly string[] }
  | { readonly type: "refused"; readonly reason: PdfRefusal; readonly message: string };

export type PdfRefusal = "invalid" | "encrypted" | "too-many-pages" | "too-much-text";
