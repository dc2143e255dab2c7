import type { Worker } from "node:cluster";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { acceptWaiting } from "../platform/accept-waiting.ts";

/** What Node accepts connections with. */
interface Handle {
  onconnection: (error: unknown, connection: unknown) => void;
  close(): void;
}

/** A connection that no worker has yet. */
interface Connection {
  close: (...args: unknown[]) => unknown;
}

/** How long connections may wait for workers after the port is closed: one that is busy takes them one by one. */
const HANDED_ON_MS = 2_000;
const LOOK_MS = 5;
/** What a worker has written last is read after its end is known. */
const LAST_WORDS_MS = 100;

export interface WorkerPort {
  /**
   * Closes, when the worker is gone, the connection that it was handed and had not taken: cluster waits for its word for ever, and so would the
   * client, who tries again where a connection breaks.
   */
  follow(worker: Worker): void;
  /** Takes no more connections, and waits until those that were taken have gone to the workers. */
  close(): Promise<void>;
  /** Looks no longer for ports that are opened. */
  dispose(): void;
}

const LISTENING = "tracing:net.server.listen:asyncEnd";

/**
 * The port that `node:cluster` opens in this process for all workers. It closes it when the last worker has, with all the connections that it
 * has not handed on: 14 to 60 at each stop under load. So it has to be closed before the workers are told to stop, for which cluster has no
 * call: what listens is found where Node tells of it, and its handle, which no API names, is closed. Cluster closes its own end of a connection
 * once a worker has it, which is how those are known that wait for one. Where a Node has no such handle, all is as it was.
 */
export function watchWorkerPort(): WorkerPort {
  const handles = new Map<number, Handle>();
  /** Connections that no worker has yet, by themselves, and to whom each has been handed; null: to nobody. */
  const waiting = new Map<unknown, { readonly connection: Connection; worker: Worker | null }>();
  const onListening = (message: unknown): void => {
    const { server } = message as { readonly server?: unknown };
    if (!(server instanceof Server)) return;
    const at = server.address();
    const { _handle: handle } = server as { readonly _handle?: unknown };
    if (at === null || typeof at !== "object" || !isHandle(handle)) return;
    handles.set(at.port, handle);
    // Cluster says only then what is done with a connection, whichever of the two has asked first.
    server.once("listening", () => process.nextTick(watchAll, handle));
  };
  subscribe(LISTENING, onListening);

  function watchAll(handle: Handle): void {
    const { onconnection } = handle;
    handle.onconnection = (error, connection) => {
      if (isConnection(connection)) watch(connection);
      onconnection.call(handle, error, connection);
    };
  }

  function watch(connection: Connection): void {
    const { close } = connection;
    waiting.set(connection, { connection, worker: null });
    connection.close = (...args) => {
      waiting.delete(connection);
      return close.apply(connection, args);
    };
  }

  async function untilHandedOn(): Promise<void> {
    const begunMs = performance.now();
    while (waiting.size > 0 && performance.now() - begunMs < HANDED_ON_MS) await sleep(LOOK_MS);
  }

  async function closeOne(handle: Handle): Promise<void> {
    await acceptWaiting((onConnection) => {
      const { onconnection } = handle;
      handle.onconnection = (error, connection) => {
        onConnection();
        onconnection.call(handle, error, connection);
      };
      return () => {
        handle.onconnection = onconnection;
      };
    });
    handle.close();
  }

  return {
    follow(worker) {
      const { process: child } = worker;
      const send = child.send.bind(child);
      // Cluster says nowhere to whom it hands a connection.
      child.send = (...message: readonly unknown[]): boolean => {
        const handed = waiting.get(message[1]);
        if (handed !== undefined) handed.worker = worker;
        return Reflect.apply(send, child, message);
      };
      // It tells of no disconnection either while a handle is not acknowledged.
      worker.once("exit", () => {
        setTimeout(() => {
          for (const { connection, worker: taker } of waiting.values()) if (taker === worker) connection.close();
        }, LAST_WORDS_MS);
      });
    },
    async close() {
      await Promise.all([...handles.values()].map(closeOne));
      await untilHandedOn();
    },
    dispose: () => unsubscribe(LISTENING, onListening),
  };
}

function isHandle(value: unknown): value is Handle {
  return typeof value === "object" && value !== null && "onconnection" in value && "close" in value;
}

function isConnection(value: unknown): value is Connection {
  return typeof value === "object" && value !== null && "close" in value && typeof value.close === "function";
}
