import type { DecodeRequest } from "../backend.ts";
import type { RenderedPrompt } from "./render/rendered-prompt.ts";

/** What is decoded from. */
export type PromptTokens = Pick<RenderedPrompt, "tokens" | "pictured">;

/** Of a decode that begins with this prompt, or with a part of it. */
export function toPictured({ pictured }: PromptTokens): Pick<DecodeRequest, "pictured"> {
  return pictured === undefined ? {} : { pictured };
}
