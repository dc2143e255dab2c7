import type { Failure } from "../../platform/fail.ts";
import type { StreamPart } from "../../endpoints/define-endpoint.ts";
import type { ReplyManner } from "../reply-manner.ts";

/** Errors and frames as OpenAI's clients read them. Status, retry headers and texts are the platform's own. */
export const openaiManner: ReplyManner = {
  headers: (requestId) => ({ "request-id": requestId, "x-request-id": requestId }),
  toErrorReply: (failure) => ({ status: failure.status, headers: {}, body: { error: toError(failure) } }),
  streamContentType: "text/event-stream; charset=utf-8",
  frame,
  frameFailure: (failure) => frame({ event: "error", data: { error: toError(failure) } }),
};

/** This protocol's events have no names. */
function frame(part: StreamPart): string {
  if ("comment" in part) return `: ${part.comment}\n\n`;
  if ("frames" in part) return part.frames;
  if (part.event === "ping") return ": ping\n\n";
  return `data: ${"json" in part ? part.json : JSON.stringify(part.data)}\n\n`;
}

function toError({ type, publicMessage, details }: Failure) {
  return { message: publicMessage, type, param: null, code: details?.error_code ?? null };
}
