/**
 * A stand-in for a `/v1/messages` server that costs next to nothing: canned bytes over plain sockets, a whole message or 32 events, each
 * event in a write of its own. Prints its port.
 */
import { createServer, type AddressInfo, type Socket } from "node:net";

const TEXT = "The quick brown fox jumps over the lazy dog. ".repeat(3);
const USAGE = { input_tokens: 512, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 32 };
const message = (content: unknown, more: object = {}) => ({
  id: "msg_01StandIn00000000000000",
  type: "message",
  role: "assistant",
  model: "claude-haiku-4-5-20251001",
  content,
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: USAGE,
  ...more,
});
const json = JSON.stringify(message([{ type: "text", text: TEXT }]));
const WHOLE = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`;

const DELTAS = 27;
const events = [
  { type: "message_start", message: message([], { stop_reason: null, usage: { ...USAGE, output_tokens: 1 } }) },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  ...Array.from({ length: DELTAS }, (_, index) => ({
    type: "content_block_delta",
    index: 0,
    delta: { type: "text_delta", text: TEXT.slice(index * 5, index * 5 + 5) },
  })),
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 32 } },
  { type: "message_stop" },
].map((event) => {
  const text = `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
});
const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n";
const END = "0\r\n\r\n";

const server = createServer({ noDelay: true }, (socket) => {
  let rest = "";
  socket.setEncoding("latin1");
  socket.on("error", () => {});
  socket.on("data", (part: string) => {
    rest += part;
    for (;;) {
      const head = rest.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(/content-length: *(\d+)/i.exec(rest.slice(0, head))?.[1] ?? 0);
      if (rest.length < head + 4 + length) return;
      const body = rest.slice(head + 4, head + 4 + length);
      rest = rest.slice(head + 4 + length);
      if (/"stream": *true/.test(body)) stream(socket);
      else socket.write(WHOLE);
    }
  });
});

function stream(socket: Socket): void {
  socket.write(HEAD);
  let next = 0;
  const write = (): void => {
    if (socket.destroyed) return;
    const event = events[next++];
    if (event === undefined) return void socket.write(END);
    socket.write(event);
    setImmediate(write);
  };
  write();
}

server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
process.on("disconnect", () => process.exit());
