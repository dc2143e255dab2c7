/**
 * Sends requests over kept plain sockets and prints what it saw as one line of JSON: as many as get through on `--at-once` connections,
 * or `--per-second` of them at even intervals, whatever comes back.
 */
import { connect, type Socket } from "node:net";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    url: { type: "string" },
    headers: { type: "string", default: "{}" },
    body: { type: "string" },
    "at-once": { type: "string", default: "32" },
    "per-second": { type: "string", default: "0" },
    seconds: { type: "string" },
  },
});
const url = new URL(values.url ?? "");
const perSecond = Number(values["per-second"]);
const lengthMs = Number(values.seconds) * 1000;
const body = values.body ?? "";
const headers = Object.entries(JSON.parse(values.headers) as Record<string, string>).map(
  ([name, value]) => `${name}: ${value}\r\n`,
);
const request = Buffer.from(
  `POST ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\n${headers.join("")}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
);

const firstMs: number[] = [];
const wholeMs: number[] = [];
let failures = 0;
let lastFailure = "";

interface Line {
  ask(done: () => void): void;
  close(): void;
}

function open(): Line {
  let socket: Socket | null = null;
  let text = "";
  let bodyAt = -1;
  let lengthOrChunked: number | "chunked" = 0;
  let startMs = 0;
  let sawFirst = false;
  let done: (() => void) | null = null;

  const finish = (ok: boolean): void => {
    if (ok) wholeMs.push(performance.now() - startMs);
    else failures += 1;
    [text, bodyAt, sawFirst] = ["", -1, false];
    const next = done;
    done = null;
    next?.();
  };
  const onData = (part: string): void => {
    text += part;
    if (bodyAt < 0) {
      const head = text.indexOf("\r\n\r\n");
      if (head < 0) return;
      bodyAt = head + 4;
      const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head));
      lengthOrChunked = length ? Number(length[1]) : "chunked";
    }
    if (!sawFirst && text.length > bodyAt && (lengthOrChunked !== "chunked" || text.includes("data:", bodyAt))) {
      sawFirst = true;
      firstMs.push(performance.now() - startMs);
    }
    const isWhole = lengthOrChunked === "chunked" ? text.endsWith("\r\n0\r\n\r\n") : text.length >= bodyAt + lengthOrChunked;
    if (!isWhole) return;
    const ok = text.startsWith("HTTP/1.1 200") && (lengthOrChunked !== "chunked" || text.includes("message_stop"));
    if (!ok) lastFailure = text.slice(0, 600);
    finish(ok);
  };
  const reach = (): Socket => {
    if (socket !== null && !socket.destroyed) return socket;
    socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    socket.setEncoding("latin1");
    socket.on("data", onData);
    const lost = (error?: Error): void => {
      socket = null;
      if (done === null) return;
      lastFailure = error?.message ?? "the connection was closed";
      finish(false);
    };
    socket.once("error", lost);
    socket.once("close", () => lost());
    return socket;
  };
  return {
    ask(then) {
      done = then;
      startMs = performance.now();
      reach().write(request);
    },
    close: () => socket?.destroy(),
  };
}

const begunMs = performance.now();
const lines: Line[] = [];
if (perSecond === 0) {
  await Promise.all(
    Array.from({ length: Number(values["at-once"]) }, async () => {
      const line = open();
      lines.push(line);
      while (performance.now() - begunMs < lengthMs) await new Promise<void>((resolve) => line.ask(resolve));
    }),
  );
} else {
  const free: Line[] = [];
  const pending: Promise<void>[] = [];
  const count = Math.round((perSecond * lengthMs) / 1000);
  for (let index = 0; index < count; index += 1) {
    const waitMs = begunMs + (index * 1000) / perSecond - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const line = free.pop() ?? open();
    if (!lines.includes(line)) lines.push(line);
    pending.push(new Promise<void>((resolve) => line.ask(resolve)).then(() => void free.push(line)));
  }
  await Promise.all(pending);
}
const tookMs = performance.now() - begunMs;
for (const line of lines) line.close();
console.log(JSON.stringify({ perSecond: (wholeMs.length / tookMs) * 1000, firstMs, wholeMs, failures, lastFailure }));
