import type { SamplerOptions } from "../backend.ts";
import type { CallWriter } from "./call-writer.ts";
import type { DecodeEnd } from "./decoder.ts";
import type { BegunCalls, OpenedCall } from "./syntax/tool-syntax.ts";

/** One decode of a reply that may hold calls. */
export interface Phase {
  /** Made anew where a schema had to be relaxed. Null: free text. */
  readonly grammar: (() => string) | null;
  readonly sampler: SamplerOptions;
  /** Text that the decode writes again, already known to the scanner. */
  readonly literal: string;
  readonly maxTokens?: number;
  /** Follows where `maxTokens` ended this one. */
  readonly next?: Phase;
}

/** Why a decode was left. */
export type Step =
  | { readonly kind: "decode-ended"; readonly end: DecodeEnd }
  /** A call was opened in free text, to a declared tool or to none: the rest is decoded under its grammar. */
  | { readonly kind: "opened"; readonly callStart: number; readonly call: OpenedCall | null }
  /** A thought was opened where none is wanted, by a tag that ends at `end`. */
  | { readonly kind: "thinks"; readonly end: number }
  | { readonly kind: "call-invalid"; readonly call: CallWriter; readonly error: string }
  /** A held call is not to be made: it does not fit the request. */
  | { readonly kind: "declined"; readonly callStart: number }
  /** A held call repeats one that has just been answered. */
  | { readonly kind: "repeated"; readonly callStart: number }
  /** The reply begins with a tag of the user's message. */
  | { readonly kind: "copied" }
  | { readonly kind: "stopped"; readonly sequence: string }
  /** After a call: the model goes on in prose, or makes a call again that it has made. */
  | { readonly kind: "calls-over" }
  | { readonly kind: "grammar-rejected" };

/** What a forced call begins with, written for the model. */
export interface Opening {
  readonly literal: string;
  readonly calls: BegunCalls;
  readonly tokens: readonly number[];
}
