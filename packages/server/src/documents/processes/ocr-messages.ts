/** What crosses between this server and the process that reads a picture. */
export interface OcrTask {
  readonly bytes: Uint8Array;
  /** Each text with where it stands, and not the text as a whole. */
  readonly placed: boolean;
}

/** A text of a picture, by the pixel in its middle. */
export interface PlacedText {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

export type OcrReply =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "places"; readonly places: readonly PlacedText[] }
  | { readonly type: "failed"; readonly message: string };
