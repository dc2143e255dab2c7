import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { end, start, textBlock } from "./testing/scripted-engine.ts";
import { BODY, KEY, post, startTestServer } from "./testing/start-test-server.ts";

test("a server that stops takes no connection, finishes its streams, and answers what comes on connections that it has", async () => {
  const server = await startTestServer();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  server.engine.play(async function* script() {
    yield start;
    await released;
    yield* textBlock(0, "late");
    yield end();
  });
  const stream = await fetch(`${server.url}/v1/messages`, {
    method: "POST",
    headers: { "x-api-key": KEY, "anthropic-version": "2023-06-01", "content-type": "application/json" },
    body: JSON.stringify({ model: "claude-haiku-4-5", max_tokens: 5, stream: true, messages: [{ role: "user", content: "Hi" }] }),
  });
  // As a balancer opens one for each request: it has been taken, and has brought nothing yet.
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  await fetch(`${server.url}/healthz`).then((reply) => reply.text());

  const closed = server.close(10_000);
  await expect
    .poll(() =>
      fetch(`${server.url}/healthz`).then(
        () => "answered",
        (error: Error) => (error.cause as NodeJS.ErrnoException).code,
      ),
    )
    .toBe("ECONNREFUSED");
  socket.write("GET /healthz HTTP/1.1\r\nhost: parley\r\n\r\n");
  const reply = await text(socket);
  expect(reply).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(reply).toMatch(/^connection: close\r$/im);
  release();
  expect(await stream.text()).toContain("message_stop");
  await closed;
});

test("a server that gives notice says that it is not ready, and answers newcomers until the notice is over", async () => {
  const server = await startTestServer();
  const ask = async () => {
    const reply = await fetch(`${server.url}/readyz`);
    return [reply.status, reply.headers.get("connection"), await reply.json()];
  };
  expect((await ask()).slice(0, 2)).toEqual([200, "keep-alive"]);
  const begunMs = performance.now();
  const closed = server.close(10_000, 2_000);
  expect(await ask()).toMatchObject([503, "close", { status: "not_ready", checks: { not_stopping: false } }]);
  const message = await post(server, "/v1/messages", BODY);
  expect([message.status, message.headers.get("connection")]).toEqual([200, "close"]);
  await closed;
  // A timer of Node counts whole milliseconds, and may end one early.
  expect(performance.now() - begunMs).toBeGreaterThan(1_998);
  await expect(ask()).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
});

test("a turn that goes on though its client has left does not hold a server that stops", async () => {
  const server = await startTestServer();
  server.engine.play(async function* script() {
    yield start;
    // As an upstream that still works on a reply: nobody can stop it.
    await new Promise(() => {});
  });
  const leave = new AbortController();
  const reply = await post(server, "/v1/messages", { ...BODY, stream: true }, { signal: leave.signal });
  await reply.body?.getReader().read();
  leave.abort();
  await server.close(100);
  await expect(fetch(`${server.url}/healthz`)).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
}, 20_000);

const WAITING = 30;

/** Of another thread, as ours is busy: opens connections, sends a request on each, and tells what came back. */
const CLIENTS = `
const { workerData: { port, count, signal }, parentPort } = require("node:worker_threads");
const { connect } = require("node:net");
let sent = 0;
let over = 0;
const replies = [];
for (let n = 0; n < count; n += 1) {
  let text = "";
  const socket = connect(port, "127.0.0.1");
  socket.on("connect", () => socket.write("GET /healthz HTTP/1.1\\r\\nhost: parley\\r\\n\\r\\n", () => {
    sent += 1;
    if (sent === count) Atomics.store(signal, 0, 1), Atomics.notify(signal, 0);
  }));
  socket.on("data", (part) => (text += part));
  socket.on("error", (error) => (text = error.code));
  socket.on("close", () => {
    replies.push(text.split("\\r\\n", 1)[0]);
    over += 1;
    if (over === count) parentPort.postMessage(replies);
  });
}
`;

test("connections that wait while a busy server is told to stop are answered", async () => {
  const server = await startTestServer();
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const clients = new Worker(CLIENTS, {
    eval: true,
    workerData: { port: Number(new URL(server.url).port), count: WAITING, signal },
  });
  const replies = once(clients, "message") as Promise<[readonly string[]]>;
  // Nothing is accepted meanwhile: the kernel has them all.
  expect(Atomics.wait(signal, 0, 0, 10_000)).toBe("ok");
  const closed = server.close(10_000);
  expect(new Set((await replies)[0])).toEqual(new Set(["HTTP/1.1 200 OK"]));
  await closed;
  await clients.terminate();
});
