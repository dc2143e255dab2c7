import type { OcrReply, OcrTask } from "./processes/ocr-messages.ts";
import { runInProcess, scriptBeside } from "./run-in-process.ts";

const LIMITS = { timeoutMs: 60_000, heapMegabytes: 512, memoryMaxBytes: 2 * 1024 ** 3 };

/** The text that stands in a picture, read by tesseract. Throws where the picture cannot be read, or the signal's reason. */
export async function readImageText(bytes: Uint8Array, signal: AbortSignal): Promise<string> {
  const task = { bytes } satisfies OcrTask;
  const reply = await runInProcess<OcrReply>(scriptBeside(import.meta.url, "./processes/read-image-text"), task, LIMITS, signal);
  if (reply.type === "failed") throw new Error(reply.message);
  return reply.text.trim();
}
