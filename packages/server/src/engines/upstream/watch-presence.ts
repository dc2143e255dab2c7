import { setTimeout as sleep } from "node:timers/promises";
import { BackendGone } from "../backend.ts";

/** So many looks in a row that find nobody. */
const MISSES_MAX = 2;

export interface PresenceOptions {
  /** Who it is, for messages: `vLLM at host:port`. */
  readonly name: string;
  /** Whether the server answers, and is the one that we connected to. Must not throw. */
  readonly isThere: () => Promise<boolean>;
  /** Whether a failure is the server's own word, which it has to be there for. */
  readonly isAnswer: (failure: unknown) => boolean;
  readonly lookEveryMs: number;
}

export interface Presence {
  readonly isGone: boolean;
  /** Settles when the server is gone, or was left. */
  readonly gone: Promise<void>;
  /** From now on it counts as gone. */
  leave(): void;
  /** Throws `BackendGone` where it is. */
  require(): void;
  /** The failure itself, or `BackendGone` where nobody is there any more. */
  meaningOf(failure: unknown): Promise<unknown>;
}

/**
 * Whether a server elsewhere is still there. A machine that is gone closes no connection, and a server that was started anew holds
 * nothing: so it is looked at, every `lookEveryMs` and after each failure.
 */
export function watchPresence({ name, isThere, isAnswer, lookEveryMs }: PresenceOptions): Presence {
  const closing = new AbortController();
  const gone = Promise.withResolvers<void>();
  const isGone = (): boolean => closing.signal.aborted;
  const leave = (): void => {
    closing.abort();
    gone.resolve();
  };
  void watch();

  async function watch(): Promise<void> {
    for (let misses = 0; misses < MISSES_MAX;) {
      await sleep(lookEveryMs, undefined, { signal: closing.signal, ref: false }).catch(() => {});
      if (isGone()) return;
      misses = (await isThere()) ? 0 : misses + 1;
    }
    leave();
  }

  return {
    get isGone() {
      return isGone();
    },
    gone: gone.promise,
    leave,
    require() {
      if (isGone()) throw new BackendGone(`${name} is gone`);
    },
    async meaningOf(failure) {
      if (isAnswer(failure)) return failure;
      if (!isGone() && (await isThere())) return failure;
      leave();
      return new BackendGone(`${name} is gone`, { cause: failure });
    },
  };
}
