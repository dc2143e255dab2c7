import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import type { MadeReply } from "../endpoints/define-endpoint.ts";
import { createServerTiming } from "../endpoints/server-timing.ts";
import { ClientGone } from "./error-reply.ts";
import { nativeManner } from "./reply-manner.ts";
import { sendReply } from "./send-reply.ts";

const TIMES = { openAfterMs: 1_000, pingAfterMs: 60_000, stallAfterMs: 100 };
const PART_BYTES = 1 << 20;

/** What becomes of a reply without end whose client reads nothing. */
async function sendToDeafClient(
  toReply: (onOver: () => void) => MadeReply,
): Promise<{ failure: unknown; sourceIsOver: boolean }> {
  const outcome = Promise.withResolvers<{ failure: unknown; sourceIsOver: boolean }>();
  let sourceIsOver = false;
  const server = createServer((incoming, outgoing) => {
    const exchange = {
      incoming,
      outgoing,
      requestId: "req_1",
      arrivedAtMs: 0,
      timing: createServerTiming(),
      headers: {},
      signal: new AbortController().signal,
      path: "/",
      manner: nativeManner,
      bodySha256: null,
      principal: null,
      modelClass: null,
      traceparent: undefined,
      logged: null,
      replyKind: null,
    };
    const reply = toReply(() => {
      sourceIsOver = true;
    });
    void sendReply(reply, {}, exchange, TIMES).then(
      () => outcome.resolve({ failure: null, sourceIsOver }),
      (failure: unknown) => outcome.resolve({ failure, sourceIsOver }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.pause();
  socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  try {
    return await outcome.promise;
  } finally {
    socket.destroy();
    server.close();
  }
}

test("a client that takes nothing of a stream or of a download is cut off, and the source is let go", async () => {
  const stream = await sendToDeafClient((onOver) => ({
    kind: "stream",
    parts: (async function* () {
      try {
        for (;;) yield { event: "x", data: { type: "x", text: "x".repeat(PART_BYTES) } };
      } finally {
        onOver();
      }
    })(),
  }));
  expect(stream).toEqual({ failure: new ClientGone("stalled"), sourceIsOver: true });
  const bytes = await sendToDeafClient((onOver) => ({
    kind: "bytes",
    contentType: "application/octet-stream",
    body: (async function* () {
      try {
        for (;;) yield new Uint8Array(PART_BYTES);
      } finally {
        onOver();
      }
    })(),
  }));
  expect(bytes.failure).toEqual(new ClientGone("stalled"));
});
