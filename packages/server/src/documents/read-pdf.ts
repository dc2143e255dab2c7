import type { PdfRefusal, PdfReply, PdfTask } from "./processes/pdf-messages.ts";
import { ProcessError, type ProcessFault, runInProcess, scriptBeside } from "./run-in-process.ts";

export class PdfError extends Error {
  override readonly name = "PdfError";
  /** `died` is a document that ended the process that read it. */
  readonly fault: PdfRefusal | ProcessFault;

  constructor(fault: PdfRefusal | ProcessFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** Eight times what the largest window holds: a document of more is of no use, and may be an attack. */
const TEXT_MAX_CHARACTERS = 32 * 1024 * 1024;
const LIMITS = { timeoutMs: 30_000, heapMegabytes: 256, memoryMaxBytes: 1024 ** 3 };

/** The text of each page, in order. Throws `PdfError`, or the signal's reason. */
export async function readPdf(
  bytes: Uint8Array,
  { pagesMax }: { readonly pagesMax: number },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const task = { bytes, pagesMax, charactersMax: TEXT_MAX_CHARACTERS } satisfies PdfTask;
  let reply: PdfReply;
  try {
    reply = await runInProcess<PdfReply>(scriptBeside(import.meta.url, "./processes/read-pdf"), task, LIMITS, signal);
  } catch (error) {
    throw error instanceof ProcessError ? new PdfError(error.fault, error.message) : error;
  }
  if (reply.type === "refused") throw new PdfError(reply.reason, reply.message);
  return reply.pages;
}
