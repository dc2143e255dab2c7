import { STATUS_CODES, type Server } from "node:http";
import type { Duplex } from "node:stream";

/**
 * Errors below HTTP (a parser that gave up, a request that never ends) get the platform's envelope too. `bodyLimit`: the
 * largest body that is taken there.
 */
export function answerBrokenRequests(server: Server, bodyLimit: (method: string, path: string) => number): void {
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const { status, type, message } = toReply(error.code);
    const body = JSON.stringify({ type: "error", error: { type, message }, request_id: null });
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      "content-type: application/json",
      `content-length: ${Buffer.byteLength(body)}`,
      "connection: close",
    ];
    socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  });
  // A body that is too large is refused before the client sends it; others are invited to go on.
  server.on("checkContinue", (incoming, outgoing) => {
    const bytes = Number(incoming.headers["content-length"] ?? 0);
    const path = (incoming.url ?? "").split("?", 1)[0] ?? "";
    if (bytes <= bodyLimit(incoming.method ?? "", path)) outgoing.writeContinue();
    server.emit("request", incoming, outgoing);
  });
}

function toReply(code: string | undefined): { status: number; type: string; message: string } {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return { status: 431, type: "invalid_request_error", message: "The request's headers are too large." };
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { status: 408, type: "timeout_error", message: "The request did not arrive in time." };
    default:
      return { status: 400, type: "invalid_request_error", message: "The request is not valid HTTP." };
  }
}
