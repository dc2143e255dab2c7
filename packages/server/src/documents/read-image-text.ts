import type { OcrReply, OcrTask, PlacedText } from "./processes/ocr-messages.ts";
import { runInProcess, scriptBeside } from "./run-in-process.ts";

const LIMITS = { timeoutMs: 60_000, heapMegabytes: 512, memoryMaxBytes: 2 * 1024 ** 3 };

async function run(task: OcrTask, signal: AbortSignal): Promise<Exclude<OcrReply, { type: "failed" }>> {
  const script = scriptBeside(import.meta.url, "./processes/read-image-text");
  const reply = await runInProcess<OcrReply>(script, { ...task }, LIMITS, signal);
  if (reply.type === "failed") throw new Error(reply.message);
  return reply;
}

/** The text that stands in a picture, read by tesseract. Throws where the picture cannot be read, or the signal's reason. */
export async function readImageText(bytes: Uint8Array, signal: AbortSignal): Promise<string> {
  const reply = await run({ bytes, placed: false }, signal);
  return reply.type === "text" ? reply.text.trim() : "";
}

/** The texts of a picture of a screen, each with where it stands. */
export async function readImagePlaces(bytes: Uint8Array, signal: AbortSignal): Promise<readonly PlacedText[]> {
  const reply = await run({ bytes, placed: true }, signal);
  return reply.type === "places" ? reply.places : [];
}
