import cluster from "node:cluster";
import { createServer as createHttpServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { endpoints } from "../endpoints/index.ts";
import { acceptWaiting } from "../platform/accept-waiting.ts";
import { fail } from "../platform/fail.ts";
import { createApi } from "./anthropic/create-api.ts";
import { bodyLimitAt } from "./anthropic/find-route.ts";
import { toNetworks } from "./anthropic/network-address.ts";
import { answerBrokenRequests } from "./broken-request.ts";
import { cloudBodyLimitAt, serveCloud } from "./cloud/serve-cloud.ts";
import { clouds } from "./clouds.ts";
import type { ConsoleFiles } from "./console/load-console-files.ts";
import { serveConsole } from "./console/serve-console.ts";
import { cutOffUnread } from "./cut-off-unread.ts";
import type { DoorDeps, DoorOptions, Drain } from "./exchange.ts";

export interface ServerOptions extends Partial<DoorOptions> {
  /** Loopback if left out. */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The built Console; without it `/console` leads nowhere. */
  readonly consoleFiles?: ConsoleFiles | null;
}

export interface ListeningServer {
  /** `http://127.0.0.1:8080`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
}

export interface ParleyServer {
  listen(options: ServerOptions): Promise<ListeningServer>;
  /**
   * Says that it is not ready, and takes connections for `noticeMs` still. Then takes no new ones, answers what comes on those that it has,
   * lets that finish for `graceMs`, ends the rest with `overloaded_error`, and resolves when every turn is accounted.
   */
  close(graceMs?: number, noticeMs?: number): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 20_000;
/** For the whole request to come in, the largest upload over a slow line included; smaller bodies have limits of their own. */
const REQUEST_TIMEOUT_MS = 3_600_000;
/** Longer than what load balancers keep (60 s), so that they and not we close an idle connection. */
const KEEP_ALIVE_MS = 75_000;
const HEADER_BYTES_MAX = 32 * 1024;
const OPEN_AFTER_MS = 5_000;
const PING_AFTER_MS = 10_000;
const STALL_AFTER_MS = 120_000;
const GRACE_MS = 30_000;
/** A worker's parent hands the next connection on when the worker has taken one: that takes a while. */
const HANDED_ON_MS = 5;
const LINGER_MS = 1_000;
/** For what was cut off to end by itself; a shutdown does not wait longer for an exchange or a turn that does not. */
const ABORT_MS = 5_000;

export function createServer(deps: DoorDeps): ParleyServer {
  const drain = createDrain();
  const readiness = async () => ({ ...(await deps.readiness()), not_stopping: !drain.isDraining() });
  const serving: DoorDeps = { ...deps, readiness };
  let server: Server | null = null;

  async function listen({ host = "127.0.0.1", port, consoleFiles = null, ...rest }: ServerOptions): Promise<ListeningServer> {
    const options: DoorOptions = {
      openAfterMs: OPEN_AFTER_MS,
      pingAfterMs: PING_AFTER_MS,
      stallAfterMs: STALL_AFTER_MS,
      localNetworks: toNetworks([]),
      trustedProxies: toNetworks([]),
      ...rest,
    };
    const answer = createApi({ endpoints, deps: serving, drain, options });
    server = createHttpServer({
      noDelay: true,
      keepAlive: true,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: HEADER_BYTES_MAX,
    });
    const context = { deps: serving, drain, options };
    server.on("request", (incoming, outgoing) => {
      cutOffUnread(incoming, outgoing);
      if (consoleFiles !== null && serveConsole(consoleFiles, incoming, outgoing)) return;
      if (!serveCloud(clouds, incoming, outgoing, context)) answer(incoming, outgoing);
    });
    answerBrokenRequests(
      server,
      (method, path) => cloudBodyLimitAt(clouds, method, path) ?? bodyLimitAt(method, path, endpoints),
    );
    const listening = server;
    await new Promise<void>((resolve, reject) => {
      listening.once("error", reject);
      listening.listen({ host, port }, () => {
        listening.off("error", reject);
        resolve();
      });
    });
    const address = listening.address() as AddressInfo;
    const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
    return { url: `http://${name}:${address.port}`, port: address.port };
  }

  async function close(graceMs = GRACE_MS, noticeMs = 0): Promise<void> {
    drain.begin();
    // Pages hang on for as long as they are open, and come back when there is a server again.
    deps.changes.close();
    // For balancers that ask: until they have seen that this node is not ready they send it more.
    if (noticeMs > 0) await sleep(noticeMs);
    if (server) await acceptWaiting(connectionsOf(server), cluster.isWorker ? HANDED_ON_MS : 0);
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    server?.closeIdleConnections();
    const deadlineMs = deps.clock.monotonicMs() + graceMs;
    for (;;) {
      await drain.over(Math.max(0, deadlineMs - deps.clock.monotonicMs()));
      // A turn whose client has left may go on for as long as its upstream takes to say what it cost.
      const endMs = Math.max(0, deadlineMs + ABORT_MS - deps.clock.monotonicMs());
      await Promise.race([deps.turns.idle(), sleep(endMs, undefined, { ref: false })]);
      // Replies are written; a client that keeps its connection open does not hold the shutdown, unless it asks for something still.
      server?.closeIdleConnections();
      const isClosed = await Promise.race([closed.then(() => true), sleep(LINGER_MS, false, { ref: false })]);
      if (isClosed || drain.isOver() || deps.clock.monotonicMs() >= deadlineMs) break;
    }
    server?.closeAllConnections();
    await closed;
  }

  return { listen, close };
}

function connectionsOf(server: Server): (onConnection: () => void) => () => void {
  return (onConnection) => {
    server.on("connection", onConnection);
    return () => server.off("connection", onConnection);
  };
}

function createDrain(): Drain & { begin(): void; over(graceMs: number): Promise<void>; isOver(): boolean } {
  let isDraining = false;
  const active = new Set<AbortController>();
  let onEmpty: (() => void) | null = null;
  return {
    isDraining: () => isDraining,
    enter(controller) {
      active.add(controller);
      return () => {
        active.delete(controller);
        if (active.size === 0) onEmpty?.();
      };
    },
    begin() {
      isDraining = true;
    },
    isOver: () => active.size === 0,
    async over(graceMs) {
      if (active.size === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      onEmpty = resolve;
      const deadline = setTimeout(() => {
        for (const controller of active) controller.abort(fail("overloaded_error", { public: "The server is shutting down." }));
      }, graceMs);
      const end = setTimeout(resolve, graceMs + ABORT_MS);
      await promise;
      clearTimeout(deadline);
      clearTimeout(end);
    },
  };
}
