/** What crosses between this server and the process that reads a picture. */
export interface OcrTask {
  readonly bytes: Uint8Array;
}

export type OcrReply = { readonly type: "text"; readonly text: string } | { readonly type: "failed"; readonly message: string };
