import { fork } from "node:child_process";
import { join } from "node:path";

export interface Sent {
  /** Milliseconds of each turn. */
  readonly times: readonly number[];
  readonly tookMs: number;
}

/** Sends turns from a process of its own, so many at once, with the keys of the file one after the other. */
export function sendTurns(url: string, keysFile: string, atOnce: number, seconds: number): Promise<Sent> {
  const { promise, resolve, reject } = Promise.withResolvers<Sent>();
  const client = fork(join(import.meta.dirname, "../platform/load-client.ts"), [url, keysFile, String(atOnce), String(seconds)], {
    execArgv: ["--conditions=source"],
  });
  client.once("message", (message) => resolve(message as Sent));
  client.once("exit", () => reject(new Error("the client ended without a word")));
  return promise;
}
