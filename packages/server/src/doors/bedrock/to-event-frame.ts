import { EventStreamCodec } from "@smithy/core/event-streams";

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("utf8")),
  (text) => Buffer.from(text, "utf8"),
);

/** One message of an AWS event stream, with the checksums of its prelude and of the whole. */
export function toEventFrame(headers: Readonly<Record<string, string>>, payload: object): Uint8Array {
  const all = { ...headers, ":content-type": "application/json" };
  return codec.encode({
    headers: Object.fromEntries(Object.entries(all).map(([name, value]) => [name, { type: "string" as const, value }])),
    body: Buffer.from(JSON.stringify(payload)),
  });
}
