import type { DecodeRequest } from "../backend.ts";

/** A prompt with pictures, as `POST /completion` takes it: text with a marker for each. */
export interface PicturedPrompt {
  readonly prompt_string: string;
  /** Base64, in the order of the markers. */
  readonly multimodal_data: readonly string[];
}

/**
 * The prompt of a decode that holds pictures; null where what it begins with holds none yet. What follows the prompt is output, and
 * known by its tokens alone.
 */
export async function toPicturedPrompt(
  { tokens, pictured }: Pick<DecodeRequest, "tokens" | "pictured">,
  deps: {
    readonly marker: string;
    /** What the engine puts in front by itself. */
    readonly bos: string | null;
    readonly detokenize: (tokens: readonly number[]) => Promise<string>;
  },
): Promise<PicturedPrompt | null> {
  let text = "";
  let at = 0;
  const pictures: string[] = [];
  for (const part of pictured ?? []) {
    if (at + part.tokens > tokens.length) break;
    at += part.tokens;
    if ("picture" in part) pictures.push(part.picture.base64);
    text += "picture" in part ? deps.marker : part.text;
  }
  if (pictures.length === 0) return null;
  const rest = tokens.slice(at);
  if (rest.some((token) => token < 0)) throw new RangeError("a prompt was cut within a picture");
  if (rest.length > 0) text += await deps.detokenize(rest);
  const { bos } = deps;
  return {
    prompt_string: bos !== null && text.startsWith(bos) ? text.slice(bos.length) : text,
    multimodal_data: pictures,
  };
}
