import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Answer = (outgoing: ServerResponse, request: SeenRequest) => void;

/** A whole reply of `/v1/messages`. */
export const MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "theirs",
  content: [{ type: "text", text: "Hi" }],
  stop_reason: "end_turn",
  usage: { input_tokens: 9, output_tokens: 3 },
};

/** A server that answers as the test says, faults included; what is asked of it with GET (a probe) is well by default. */
export async function startFakeUpstream(first: Answer) {
  let answer = first;
  let probeAnswer: Answer = (outgoing) => void outgoing.end("{}");
  const requests: SeenRequest[] = [];
  let left = 0;
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => {
      const request = {
        method: incoming.method ?? "",
        path: incoming.url ?? "",
        headers: incoming.headers,
        body: Buffer.concat(parts).toString(),
      };
      outgoing.on("close", () => {
        if (!outgoing.writableFinished) left += 1;
      });
      if (request.method === "GET") probeAnswer(outgoing, request);
      else {
        requests.push(request);
        answer(outgoing, request);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    /** Requests whose client went away before the reply's end. */
    left: () => left,
    answer(next: Answer) {
      answer = next;
    },
    probe(next: Answer) {
      probeAnswer = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type FakeUpstream = Awaited<ReturnType<typeof startFakeUpstream>>;

/** Server-sent events, whole. */
export function sse(events: readonly (readonly [name: string, data: unknown])[]): string {
  return events
    .map(
      ([name, data]) =>
        `${name === "" ? "" : `event: ${name}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`,
    )
    .join("");
}

export function sendSse(outgoing: ServerResponse, text: string, { open = false } = {}): void {
  outgoing.writeHead(200, { "content-type": "text/event-stream" });
  if (open) outgoing.write(text);
  else outgoing.end(text);
}

export function sendJson(outgoing: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  outgoing.writeHead(status, { "content-type": "application/json", ...headers });
  outgoing.end(typeof body === "string" ? body : JSON.stringify(body));
}
