export interface StreamedEvent {
  readonly event: string;
  readonly data: string;
}

/** The events of a `text/event-stream`, as the WHATWG's standard reads it; ids and retry times are of no use here. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamedEvent, void, void> {
  const decoder = new TextDecoder();
  // Joined once a line ends: a line that comes byte by byte is not copied each time.
  let pieces: string[] = [];
  let data: string[] = [];
  let event = "";
  let isAfterReturn = false;
  for await (const chunk of body) {
    const decoded = decoder.decode(chunk, { stream: true });
    const text = isAfterReturn && decoded.startsWith("\n") ? decoded.slice(1) : decoded;
    if (decoded !== "") isAfterReturn = decoded.endsWith("\r");
    const [first = "", ...rest] = text.split(/\r\n|\n|\r/);
    pieces.push(first);
    for (const next of rest) {
      const line = pieces.join("");
      pieces = [next];
      if (line === "") {
        if (data.length > 0) yield { event: event === "" ? "message" : event, data: data.join("\n") };
        data = [];
        event = "";
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "data") data.push(value);
      else if (field === "event") event = value;
    }
  }
}
