import type { Picture } from "../../turn/turn.ts";
import { type BackendVision, PictureRefused } from "../backend.ts";
import { CountReply, TokenizeReply } from "./api.ts";
import { EngineRefused, type EngineSocket } from "./engine-socket.ts";

/** The engine counts a chat with a picture; with this template of its own, what of that is not the picture is known. */
export const COUNTING_TEMPLATE = "chatml";
const BEFORE = "<|im_start|>user\n";
const BEHIND = "<|im_end|>\n<|im_start|>assistant\n";

/** One pixel. */
const DOT: Picture = {
  mediaType: "image/png",
  base64: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
};

/** Asks a llama-server that was started with a projector, and with `COUNTING_TEMPLATE`. `addsBos`: in front of each prompt. */
export async function createVision(call: EngineSocket["call"], addsBos: boolean): Promise<BackendVision> {
  const count = async (text: string): Promise<number> => {
    const body = { content: text, add_special: false, parse_special: true };
    return (await call("/tokenize", TokenizeReply, { body })).tokens.length;
  };
  const frameTokens = (await count(BEFORE)) + (await count(BEHIND)) + (addsBos ? 1 : 0);
  async function countTokens(picture: Picture): Promise<number> {
    const body = { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: toDataUrl(picture) } }] }] };
    try {
      return (await call("/v1/chat/completions/input_tokens", CountReply, { body })).input_tokens - frameTokens;
    } catch (error) {
      throw asRefusal(error);
    }
  }

  // What cannot count pictures is found out now, and not by a client.
  await countTokens(DOT);
  return {
    countTokens(picture) {
      // It would give these to a decoder of films.
      if (picture.mediaType === "image/webp") {
        const text = "image/webp pictures cannot be shown to this model: send image/png, image/jpeg or image/gif";
        return Promise.reject(new PictureRefused(text));
      }
      return countTokens(picture);
    },
  };
}

/** A failure of the engine to read a picture, as such; every other as it is. */
export function asRefusal(error: unknown): unknown {
  return error instanceof EngineRefused && /failed to load image/i.test(error.message)
    ? new PictureRefused("Could not process image", { cause: error })
    : error;
}

function toDataUrl({ mediaType, base64 }: Picture): string {
  return `data:${mediaType};base64,${base64}`;
}
