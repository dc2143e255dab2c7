import { timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { chmod, rm } from "node:fs/promises";
import { fail } from "../../platform/fail.ts";
import { traceEngine, type EngineTracing } from "../../platform/trace-engine.ts";
import { formatEngineLine, toFailureLine, type EngineLine } from "../../turn/engine-line.ts";
import type { Turn } from "../../turn/turn.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";

/** Local models, or an upstream of which only one process may hold the state. */
export interface ServedEngine {
  run(
    turn: Turn,
    at: { readonly model: string | null; readonly isFallback: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<TurnEvent, void, void>;
  countTokens(turn: Turn, model: string | null, signal: AbortSignal): Promise<number>;
}

export interface EngineDoorDeps {
  /** What other processes show; both sides derive it from the master secret. */
  readonly secret: string;
  readonly tracing: EngineTracing;
  /** Null is the local models; else an upstream's name. */
  readonly find: (upstream: string | null) => ServedEngine | null;
  /** What else is answered, by name. */
  readonly answers: Readonly<Record<string, (question: unknown, signal: AbortSignal) => Promise<unknown>>>;
}

/** Where the door is: a file of this machine, or an address. */
export type EngineDoorAddress = { readonly socketPath: string } | { readonly url: string };

export interface EngineDoor extends AsyncDisposable {
  readonly address: EngineDoorAddress;
}

/** A socket's path is cut at 104 bytes on macOS and at 108 on Linux. */
const SOCKET_PATH_MAX_BYTES = 100;
/** So that a process whose other end has vanished with its machine learns of it (`engines/engine-door` waits a minute). */
const PING_MS = 5_000;
/** A request's body after its pictures have become base64. */
const BODY_MAX_BYTES = 512 * 1024 * 1024;

/**
 * Lets other processes of Parley use the engines of this one: workers of the same machine, or other nodes. Turns and events cross it as they
 * are. It stands behind the public doors: keys, limits and the ledger are the caller's business.
 * See docs/decisions/2026-11-22-many-nodes.md.
 */
export async function openEngineDoor(
  deps: EngineDoorDeps,
  at: { readonly socketPath: string } | { readonly host: string; readonly port: number },
): Promise<EngineDoor> {
  const server = createServer({ noDelay: true, keepAlive: true, requestTimeout: 0 }, (incoming, outgoing) => {
    void answer(deps, incoming, outgoing);
  });
  const address = await listen(server, at);
  return {
    address,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(
  server: Server,
  at: { readonly socketPath: string } | { readonly host: string; readonly port: number },
): Promise<EngineDoorAddress> {
  if ("socketPath" in at && process.platform !== "win32" && Buffer.byteLength(at.socketPath) <= SOCKET_PATH_MAX_BYTES) {
    // Left by a process that was killed; the data folder's lock says that nobody uses it.
    await rm(at.socketPath, { force: true });
    server.listen(at.socketPath);
    await once(server, "listening");
    await chmod(at.socketPath, 0o600);
    return at;
  }
  server.listen("host" in at ? at : { host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const { address, family, port } = server.address() as AddressInfo;
  return { url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}` };
}

async function answer(deps: EngineDoorDeps, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort(new Error("the other process has left")));
  outgoing.on("error", () => {});
  if (!isSame(incoming.headers.authorization ?? "", `Bearer ${deps.secret}`)) {
    outgoing.writeHead(401).end();
    return;
  }
  outgoing.writeHead(200, { "content-type": "application/x-ndjson" });
  const ping = setInterval(() => outgoing.write("\n"), PING_MS);
  const say = async (line: EngineLine): Promise<void> => {
    if (!outgoing.write(formatEngineLine(line)) && !gone.signal.aborted) await drained(outgoing);
  };
  try {
    await serve(deps, incoming.url ?? "", await readJson(incoming), say, gone.signal);
  } catch (error) {
    if (!gone.signal.aborted) await say({ failure: toFailureLine(error) });
  } finally {
    clearInterval(ping);
    outgoing.end();
  }
}

/** The other end is Parley, and has shown the secret: what it says has been parsed at its own door. */
async function serve(
  { find, answers, tracing }: EngineDoorDeps,
  path: string,
  body: unknown,
  say: (line: EngineLine) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  if (path === "/run" || path === "/count") {
    const { upstream, turn, model, isFallback } = body as {
      upstream: string | null;
      turn: Turn;
      model: string | null;
      isFallback: boolean;
    };
    const engine = find(upstream);
    if (engine === null) throw fail("api_error", { public: "Internal server error", internal: `no upstream ${upstream} here` });
    if (path === "/count") return say({ value: await engine.countTokens(turn, model, signal) });
    const asked = { name: `engine door ${model ?? turn.weights}`, side: "answers" } as const;
    const run = (traced: Turn) => engine.run(traced, { model, isFallback }, signal);
    for await (const event of traceEngine(tracing, asked, turn, run)) await say({ event });
    return;
  }
  const name = path.slice("/ask/".length);
  const ask = path.startsWith("/ask/") && Object.hasOwn(answers, name) ? answers[name] : undefined;
  if (ask === undefined) throw fail("not_found_error", { public: "Not found", internal: `the engine door has no ${path}` });
  await say({ value: (await ask(body, signal)) ?? null });
}

async function readJson(incoming: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BODY_MAX_BYTES) throw fail("request_too_large", { public: "The request is too large." });
    parts.push(part);
  }
  return bytes === 0 ? null : JSON.parse(Buffer.concat(parts).toString("utf8"));
}

/** Resolves when the other end has read, or has left. */
function drained(outgoing: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => {
    outgoing.off("drain", done);
    outgoing.off("close", done);
    resolve();
  };
  outgoing.once("drain", done);
  outgoing.once("close", done);
  return promise;
}

function isSame(shown: string, expected: string): boolean {
  const [left, right] = [Buffer.from(shown), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}
