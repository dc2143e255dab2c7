import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { readRetryAfter } from "./retry-after.ts";
import { createUpstreamClient, type UpstreamReply } from "./upstream-client.ts";
import { UpstreamFailure } from "./upstream-failure.ts";

const NEVER = new AbortController().signal;

/** A server of bytes: `answer` gets each request's head and body, whole, and its connection. */
async function startServer(answer: (socket: Socket, request: string, nth: number) => void) {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (text.length < end + 4 + length) return;
      const request = text;
      text = "";
      requests.push(request);
      answer(socket, request, requests.length);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, requests, sockets };
}

function connect(url: string, connectionsMax = 10) {
  const client = createUpstreamClient({ url, headers: {}, connectMs: 1_000, connectionsMax });
  onTestFinished(() => client.close());
  return client;
}

const whole = (text: string, head = ""): string => `HTTP/1.1 200 OK\r\n${head}content-length: ${text.length}\r\n\r\n${text}`;

async function read(reply: UpstreamReply): Promise<string> {
  let text = "";
  for await (const part of reply.body) text += part.toString("latin1");
  return text;
}

const POST = { body: "{}", silenceMs: 2_000, signal: NEVER };

test("a server that dies under a request on a new connection is not asked again, also while others are kept", async () => {
  let finishSlow = (): void => {};
  const { url, requests } = await startServer((socket, request) => {
    if (request.includes("/fine")) socket.write(whole("fine"));
    else if (request.includes("/slow")) finishSlow = () => void socket.write(whole("slow"));
    else setTimeout(() => socket.resetAndDestroy(), 50);
  });
  const client = connect(url);
  expect(await read(await client.send("/fine", POST))).toBe("fine");
  await sleep(20);
  // Takes the connection that is kept.
  const slow = client.send("/slow", POST);
  await expect.poll(() => requests.length).toBe(2);
  await expect(client.send("/dies", POST)).rejects.toMatchObject({ fault: "unreachable" });
  finishSlow();
  expect(await read(await slow)).toBe("slow");
  expect(requests.filter((each) => each.includes("/dies"))).toHaveLength(1);
});

test("a kept connection that the server closes as a request goes out costs the request nothing", async () => {
  const { url, requests } = await startServer((socket, _request, nth) => {
    if (nth === 2) socket.resetAndDestroy();
    else socket.write(whole(`reply ${nth}`));
  });
  const client = connect(url);
  expect(await read(await client.send("/a", POST))).toBe("reply 1");
  await sleep(20);
  expect(await read(await client.send("/b", POST))).toBe("reply 3");
  expect(requests).toHaveLength(3);
});

test.each([
  ["half a head", "HTTP/1.1 200 OK\r\ncontent-"],
  ["an upgrade that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"],
  ["what is no HTTP", "NOPE\r\n\r\n"],
  ["nothing", ""],
])("a server that answers with %s and goes away is unreachable", async (_what, bytes) => {
  const { url, requests } = await startServer((socket) => socket.end(bytes));
  const client = connect(url);
  const failure: unknown = await client.send("/x", POST).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UpstreamFailure);
  expect(failure).toMatchObject({ fault: "unreachable" });
  expect(requests).toHaveLength(1);
});

test.each([
  ["a length", "content-length: 100\r\n\r\nhalf"],
  ["a length and a close", "connection: close\r\ncontent-length: 100\r\n\r\nhalf"],
  ["chunks", "transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
  ["chunks and a close", "connection: close\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
])("a body of %s that breaks off is cut", async (_what, rest) => {
  const { url } = await startServer((socket) => socket.end(`HTTP/1.1 200 OK\r\n${rest}`));
  const reply = await connect(url).send("/x", POST);
  await expect(read(reply)).rejects.toMatchObject({ fault: "cut" });
});

test.each([
  ["HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nall of it"],
  ["trailers", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x\r\n\r\n9\r\nall of it\r\n0\r\nx: y\r\n\r\n"],
  ["early hints", "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nall of it"],
  ["a redirect", "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 9\r\n\r\nall of it"],
])("a reply with %s is read as it is", async (_what, bytes) => {
  const { url, requests } = await startServer((socket) => socket.end(bytes));
  expect(await read(await connect(url).send("/x", POST))).toBe("all of it");
  expect(requests).toHaveLength(1);
});

test("a reader that leaves while it waits is told that there is nothing more, and the connection closes", async () => {
  const { url, sockets } = await startServer((socket) => socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"));
  const reply = await connect(url).send("/x", POST);
  const reader = reply.body[Symbol.asyncIterator]();
  const next = reader.next();
  await sleep(20);
  await reader.return?.();
  expect(await next).toEqual({ done: true, value: undefined });
  await expect.poll(() => sockets.size).toBe(0);
});

test("an abort ends a request that waits for a connection, for its head, or for its body, and closes what it has", async () => {
  const { url, sockets, requests } = await startServer((socket, request) => {
    if (request.includes("/body")) socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
  });
  const client = connect(url, 2);
  const aborts = ["/head", "/body", "/waits"].map((path) => ({ path, abort: new AbortController() }));
  const [head, body, waits] = aborts.map(async ({ path, abort: { signal } }) =>
    read(await client.send(path, { ...POST, signal })),
  );
  await expect.poll(() => requests.length).toBe(2);
  const gone = new Error("the client has gone");
  for (const { abort } of aborts.toReversed()) abort.abort(gone);
  for (const each of [head, body, waits]) await expect(each).rejects.toBe(gone);
  await expect.poll(() => sockets.size).toBe(0);
  expect(requests).toHaveLength(2);
  // Room for others again.
  const next = client.send("/body", { ...POST, signal: NEVER });
  expect((await next).status).toBe(200);
});

test("what is sent faster than it is read waits at the server, and a slow reader is no silent server", async () => {
  const part = Buffer.alloc(256 * 1024, "x");
  let sent = 0;
  const total = 64;
  const { url } = await startServer((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${part.length * total}\r\n\r\n`);
    const more = (): void => {
      while (sent < total) {
        sent += 1;
        if (!socket.write(part)) return void socket.once("drain", more);
      }
    };
    more();
  });
  const reply = await connect(url).send("/x", { ...POST, silenceMs: 1_000 });
  let bytes = 0;
  let isFirst = true;
  for await (const chunk of reply.body) {
    bytes += chunk.length;
    if (!isFirst) continue;
    isFirst = false;
    await sleep(2_500);
    expect(sent).toBeLessThan(total);
  }
  expect(bytes).toBe(part.length * total);
});

test("a server that says nothing is silent, before its head and within its body", async () => {
  const { url } = await startServer((socket, request) => {
    if (request.includes("/body")) socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n");
  });
  const client = connect(url);
  await expect(client.send("/head", { ...POST, silenceMs: 200 })).rejects.toMatchObject({ fault: "silent" });
  await expect(read(await client.send("/body", { ...POST, silenceMs: 1_000 }))).rejects.toMatchObject({ fault: "silent" });
});

test("a reply that is finished and left keeps its connection, and one that is only left does not", async () => {
  const { url, sockets } = await startServer((socket, request) => {
    socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\ndone\r\n");
    if (!request.includes("/ends")) return;
    setTimeout(() => {
      socket.write("0\r\n\r\n");
      hasEnded = true;
    }, 50);
  });
  let hasEnded = false;
  const client = connect(url);
  const first = await client.send("/ends", POST);
  for await (const _part of first.body) {
    first.finish();
    break;
  }
  await expect.poll(() => hasEnded).toBe(true);
  await sleep(100);
  expect(sockets.size).toBe(1);
  const second = await client.send("/stays", POST);
  expect(sockets.size).toBe(1);
  for await (const _part of second.body) break;
  await expect.poll(() => sockets.size).toBe(0);
});

test("no header goes out that holds another, which says nothing of the upstream", async () => {
  const { url, requests } = await startServer((socket) => socket.write(whole("")));
  const headers = { "x-note": "a\r\nx-other: b" };
  for (const sent of [connect(url).send("/x", { ...POST, headers }), connect(url).send("/x\r\nx-other: b", POST)])
    await expect(sent).rejects.not.toBeInstanceOf(UpstreamFailure);
  expect(requests).toEqual([]);
});

test("of a header that comes twice the first counts", async () => {
  const { url } = await startServer((socket) => socket.write(whole("", "retry-after: 7\r\nretry-after: 9\r\n")));
  const reply = await connect(url).send("/x", POST);
  expect(readRetryAfter(reply.headers, 0)).toBe(7);
});

test("a request that waits for a connection while the upstream says nothing is given up in time, and is never sent", async () => {
  const { url, requests } = await startServer(() => {});
  const client = connect(url, 1);
  const asked = { ...POST, silenceMs: 400 };
  const outcomes = await Promise.allSettled([client.send("/v1/first", asked), client.send("/v1/second", asked)]);
  expect(outcomes.map((each) => each.status === "rejected" && (each.reason as UpstreamFailure).fault)).toEqual([
    "silent",
    "silent",
  ]);
  await sleep(300);
  expect(requests.filter((request) => request.includes("/v1/second"))).toEqual([]);
});
