import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Server } from "node:net";
import { acceptWaiting } from "../platform/accept-waiting.ts";

/** What Node accepts connections with. */
interface Handle {
  onconnection: (...connection: unknown[]) => void;
  close(): void;
}

export interface WorkerPort {
  /** Takes no more connections; those that were taken still go to the workers. */
  close(): Promise<void>;
  /** Looks no longer for ports that are opened. */
  dispose(): void;
}

const LISTENING = "tracing:net.server.listen:asyncEnd";

/**
 * The port that `node:cluster` opens in this process for all workers. It closes it when the last worker has, with all the connections that it
 * has not handed on: 14 to 60 at each stop under load. So it has to be closed before the workers are told to stop, for which cluster has no
 * call: what listens is found where Node tells of it, and its handle, which no API names, is closed. Where a Node has none there, all is as it was.
 */
export function watchWorkerPort(): WorkerPort {
  const handles = new Map<number, Handle>();
  const onListening = (message: unknown): void => {
    const { server } = message as { readonly server?: unknown };
    if (!(server instanceof Server)) return;
    const at = server.address();
    const { _handle: handle } = server as { readonly _handle?: unknown };
    if (at !== null && typeof at === "object" && isHandle(handle)) handles.set(at.port, handle);
  };
  subscribe(LISTENING, onListening);

  async function closeOne(handle: Handle): Promise<void> {
    await acceptWaiting((onConnection) => {
      const { onconnection } = handle;
      handle.onconnection = (...connection) => {
        onConnection();
        onconnection.apply(handle, connection);
      };
      return () => {
        handle.onconnection = onconnection;
      };
    });
    handle.close();
  }

  return {
    close: async () => void (await Promise.all([...handles.values()].map(closeOne))),
    dispose: () => unsubscribe(LISTENING, onListening),
  };
}

function isHandle(value: unknown): value is Handle {
  return typeof value === "object" && value !== null && "onconnection" in value && "close" in value;
}
