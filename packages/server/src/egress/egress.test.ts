import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createEgress, createEgressPolicy, EgressError, readAll, type EgressRequest } from "./index.ts";
import { countAttacks, isWholeCorpus } from "../platform/testing/count-attacks.ts";
import { addressSpellings } from "./testing/address-spellings.ts";
import { HOSTILE_NAMES, ssrfCorpus, toLocation } from "./testing/ssrf-corpus.ts";
import { startNameServer, type NameServer } from "./testing/start-name-server.ts";

const ATTACK = { tags: "attack-addresses" };
const REQUEST: EgressRequest = { timeoutMs: 5_000, maxBytes: 100_000 };
/** No host of this machine: what is allowed in a test is said by address and port. */
const ALLOWED = "127.0.0.2";

const servers: Server[] = [];
let names: NameServer;
let reached: string[] = [];

beforeEach(async () => {
  reached = [];
  names = await startNameServer((name, time) => {
    // Rebinding: checked as an allowed address, and a forbidden one ever after.
    if (name === "rebind.test") return time === 1 ? [ALLOWED] : ["127.0.0.1"];
    if (name === "rebind-public.test") return time === 1 ? ["93.184.215.14"] : ["127.0.0.1"];
    if (name === "allowed.test") return [ALLOWED];
    return HOSTILE_NAMES[name] ?? [];
  });
});

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
  await names[Symbol.asyncDispose]();
});

async function listen(host: string, handler: RequestListener, port = 0): Promise<number> {
  const server = createServer(handler);
  servers.push(server);
  server.listen(port, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Every address of this machine that a case may lead to. */
async function listenForbidden(): Promise<number> {
  const handler: RequestListener = (request, response) => {
    reached.push(`${request.headers.host}${request.url}`);
    response.end("inside");
  };
  const port = await listen("127.0.0.1", handler);
  await listen("::1", handler, port);
  return port;
}

function open(allow: readonly string[] = [], isPublicReached = true) {
  return createEgress(createEgressPolicy({ allow, isPublicReached, resolve: names.resolve }));
}

async function reasonOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (error: unknown) => error,
  );
  return error instanceof EgressError ? error.reason : String(error);
}

describe("what leads into this machine or its network", () => {
  test("is never reached, however it is spelled", ATTACK, async ({ task }) => {
    const port = await listenForbidden();
    const corpus = [...ssrfCorpus(port), ...(isWholeCorpus ? addressSpellings(port) : [])];
    const egress = open();
    const results = await Promise.all(
      corpus.map(async ({ url }) => ({ url, reason: await reasonOf(egress(url, REQUEST).then(({ body }) => readAll(body))) })),
    );
    countAttacks(task, corpus.length, reached.length);
    expect(reached).toEqual([]);
    expect(results.filter(({ reason }) => !["refused-url", "refused-address", "unresolved"].includes(reason))).toEqual([]);
    expect(corpus.length).toBeGreaterThan(130);
    // The same corpus does lead there once it is let: nothing above was refused for want of a server.
    const permissive = open(["127.0.0.0/8", "::1"]);
    for (const { url } of corpus) await reasonOf(permissive(url, REQUEST).then(({ body }) => readAll(body)));
    expect(reached.length).toBeGreaterThan(10);
  });

  test("is not reached by a redirect, at any hop", ATTACK, async ({ task }) => {
    const port = await listenForbidden();
    const corpus = ssrfCorpus(port);
    const gate = await listen(ALLOWED, (request, response) => {
      const [, hops = "0", index = "0"] = (request.url ?? "").split("/");
      const location = hops === "0" ? (corpus[Number(index)]?.url ?? "") : `/${Number(hops) - 1}/${index}`;
      response.writeHead(302, { location: toLocation(location) }).end();
    });
    const egress = open([`allowed.test:${gate}`]);
    const reasons = new Set<string>();
    for (const [index] of corpus.entries()) {
      for (const hops of [0, 2]) reasons.add(await reasonOf(egress(`http://allowed.test:${gate}/${hops}/${index}`, REQUEST)));
    }
    countAttacks(task, corpus.length * 2, reached.length);
    expect(reached).toEqual([]);
    // A few lead back to where they stand, as relative addresses do.
    expect(
      [...reasons].filter((reason) => !["refused-url", "refused-address", "unresolved", "too-many-redirects"].includes(reason)),
    ).toEqual([]);
  });

  test(
    "a name that is rebound after the check leads to the address that was checked, and is asked for once",
    ATTACK,
    async ({ task }) => {
      const port = await listen(ALLOWED, (_request, response) => response.end("the checked one"));
      await listen(
        "127.0.0.1",
        (request, response) => {
          reached.push(request.url ?? "");
          response.end("inside");
        },
        port,
      );
      const egress = open([`${ALLOWED}/32`]);
      const first = await egress(`http://rebind.test:${port}/`, REQUEST);
      expect((await readAll(first.body)).toString()).toBe("the checked one");
      expect(names.asked("rebind.test")).toBe(1);
      // The second fetch sees the new address, and refuses it.
      expect(await reasonOf(egress(`http://rebind.test:${port}/`, REQUEST))).toBe("refused-address");
      expect(await reasonOf(egress(`http://rebind-public.test:${port}/`, { ...REQUEST, timeoutMs: 300 }))).toMatch(
        /timeout|unreachable/,
      );
      expect(names.asked("rebind-public.test")).toBe(1);
      countAttacks(task, 2, reached.length);
      expect(reached).toEqual([]);
    },
  );

  test("is reached only where the operator lists it: by name and port, by address, by network", async () => {
    const port = await listen(ALLOWED, (_request, response) => response.end("ok"));
    const urls = [`http://allowed.test:${port}/`, `http://${ALLOWED}:${port}/`];
    const outcomes = async (allow: readonly string[]) => Promise.all(urls.map((url) => reasonOf(open(allow)(url, REQUEST))));
    expect(await outcomes([])).toEqual(["refused-address", "refused-address"]);
    expect(await outcomes([`allowed.test:${port}`])).toEqual(["null", "refused-address"]);
    expect(await outcomes([`allowed.test:${port + 1}`])).toEqual(["refused-address", "refused-address"]);
    expect(await outcomes(["127.0.0.2"])).toEqual(["null", "null"]);
    expect(await outcomes(["127.0.0.0/30"])).toEqual(["null", "null"]);
  });

  test("with the public internet off, only what is listed is reached", async () => {
    expect(await reasonOf(open([], false)("http://93.184.215.14/", REQUEST))).toBe("refused-address");
    expect(await reasonOf(open()("http://93.184.215.14:25/", REQUEST))).toBe("refused-address");
  });
});

describe("what comes back", () => {
  const serve = async (handler: RequestListener) => {
    const port = await listen(ALLOWED, handler);
    return { url: `http://${ALLOWED}:${port}`, port, egress: open([ALLOWED, "127.0.0.1"]) };
  };

  test.each([
    ["plain", (bytes: Buffer) => bytes],
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
  ])("is cut at its limit after decompression: %s", async (encoding, encode) => {
    const { url, egress } = await serve((request, response) => {
      if (encoding !== "plain") response.setHeader("content-encoding", encoding);
      response.end(encode(Buffer.alloc(request.url === "/fits" ? 100_000 : 5_000_000)));
    });
    expect((await readAll((await egress(`${url}/fits`, REQUEST)).body)).length).toBe(100_000);
    expect(await reasonOf(egress(`${url}/bomb`, REQUEST).then(({ body }) => readAll(body)))).toBe("too-large");
  });

  test("is refused by its type before its body", async () => {
    const { url, egress } = await serve((_request, response) => response.setHeader("content-type", "Image/PNG; x=1").end("png"));
    expect(await reasonOf(egress(url, { ...REQUEST, accepts: (type) => type === "text/html" }))).toBe("refused-type");
    expect((await egress(url, { ...REQUEST, accepts: (type) => type === "image/png" })).mediaType).toBe("image/png");
  });

  test("ends with its time, before the first byte and within the body, and with its caller", async () => {
    const { url, egress } = await serve((request, response) => {
      if (request.url === "/body") response.write("some");
    });
    expect(await reasonOf(egress(`${url}/silent`, { ...REQUEST, timeoutMs: 100 }))).toBe("timeout");
    expect(await reasonOf(egress(`${url}/body`, { ...REQUEST, timeoutMs: 200 }).then(({ body }) => readAll(body)))).toBe(
      "timeout",
    );
    const caller = new AbortController();
    const pending = egress(`${url}/silent`, { ...REQUEST, signal: caller.signal });
    caller.abort(new Error("the caller left"));
    await expect(pending).rejects.toThrow("the caller left");
  });

  test("is let go where nobody reads it: the connection ends at once", async () => {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const { url, egress } = await serve((_request, response) => {
      response.once("close", resolve);
      response.writeHead(404).write("an error page without end");
    });
    const reply = await egress(url, { ...REQUEST, timeoutMs: 60_000 });
    reply.close();
    await expect(ended).resolves.toBeUndefined();
  });

  test("asks before each redirect whether it may go there", async () => {
    const seen: string[] = [];
    const { url, egress } = await serve((request, response) => {
      seen.push(request.url ?? "");
      response.writeHead(302, { location: request.url === "/1" ? "/2" : "http://elsewhere.test/" }).end();
    });
    const mayFollow = (target: string) => target.startsWith(url);
    expect(await reasonOf(egress(`${url}/1`, { ...REQUEST, mayFollow }))).toBe("refused-redirect");
    expect(seen).toEqual(["/1", "/2"]);
    expect(names.asked("elsewhere.test")).toBe(0);
  });

  test("follows redirects up to the limit, and takes no secrets to another origin", async () => {
    const seen: unknown[] = [];
    const port = await listen("127.0.0.1", (request, response) => {
      seen.push([request.headers["authorization"], request.headers["user-agent"]]);
      response.end("arrived");
    });
    const { url, egress } = await serve((request, response) => {
      seen.push([request.headers["authorization"], request.headers["user-agent"]]);
      response.writeHead(302, { location: request.url === "/loop" ? "/loop" : `http://127.0.0.1:${port}/there#part` }).end();
    });
    const reply = await egress(`${url}/`, { ...REQUEST, headers: { authorization: "secret", "user-agent": "Parley" } });
    expect([reply.url, (await readAll(reply.body)).toString()]).toEqual([`http://127.0.0.1:${port}/there`, "arrived"]);
    expect(seen).toEqual([
      ["secret", "Parley"],
      [undefined, "Parley"],
    ]);
    expect(await reasonOf(egress(`${url}/loop`, REQUEST))).toBe("too-many-redirects");
    // What is posted is posted once, to where it was meant.
    expect((await egress(`${url}/`, { ...REQUEST, method: "POST", body: "{}" })).status).toBe(302);
  });
});
