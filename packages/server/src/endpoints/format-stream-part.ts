import type { StreamPart } from "./define-endpoint.ts";

/** Frames one part as server-sent events are written; `JSON.stringify` leaves no raw line break in the data. */
export function formatStreamPart(part: StreamPart): string {
  if ("frames" in part) return part.frames;
  if ("comment" in part) return `: ${part.comment}\n\n`;
  if ("json" in part) return `event: ${part.event}\ndata: ${part.json}\n\n`;
  return `event: ${part.event}\ndata: ${JSON.stringify(part.data)}\n\n`;
}
