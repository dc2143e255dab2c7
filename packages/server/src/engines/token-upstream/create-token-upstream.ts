import type { Log } from "../../platform/log.ts";
import { Failure } from "../../platform/fail.ts";
import { raceAbort } from "../../platform/race-abort.ts";
import type { Engine, WeightsDescription } from "../../turn/engine.ts";
import type { Turn } from "../../turn/turn.ts";
import { BackendGone, type TokenBackend } from "../backend.ts";
import type { UpstreamDriver } from "../upstream/upstream-driver.ts";
import { upstreamFailure } from "../upstream/upstream-failure.ts";
import { holdStart } from "./hold-start.ts";

/** The one model of a token backend elsewhere, as a turn engine wants its models. */
export interface RemoteModel {
  list(): Promise<readonly WeightsDescription[]>;
  acquire(weights: string, signal: AbortSignal): Promise<{ readonly backend: TokenBackend; release(): void }>;
}

export interface TokenUpstreamOptions {
  readonly name: string;
  /** Throws where the server cannot be reached, or was not started with what is needed. */
  readonly connect: (signal: AbortSignal) => Promise<TokenBackend>;
  /** Parley's own rendering, parsing and cache plan over that model. */
  readonly createEngine: (models: RemoteModel) => Engine;
  readonly thinkingOf: (chatTemplate: string | null) => WeightsDescription["thinking"];
  readonly log: Pick<Log, "info" | "warn">;
}

/** Reading a vocabulary takes hundreds of small requests. */
const CONNECT_WITHIN_MS = 60_000;

/**
 * A server that decodes tokens elsewhere: Parley renders and parses, as for a model on this machine. Connects when it is first asked or
 * probed, and anew after the server was gone.
 */
export function createTokenUpstream(options: TokenUpstreamOptions): UpstreamDriver {
  const { name, connect, thinkingOf, log } = options;
  const closing = new AbortController();
  let connecting: Promise<TokenBackend> | null = null;
  let connected: TokenBackend | null = null;

  async function open(): Promise<TokenBackend> {
    const backend = await connect(AbortSignal.any([closing.signal, AbortSignal.timeout(CONNECT_WITHIN_MS)])).catch(
      (cause: unknown) => {
        throw upstreamFailure("unreachable", `${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
      },
    );
    const { contextTokens, fingerprint } = backend.model;
    log.info(
      { upstream: name, engine: backend.kind, slots: backend.slots, contextTokens, fingerprint },
      "connected to an engine",
    );
    connected = backend;
    void backend.gone.then(() => {
      if (connected === backend) connected = null;
    });
    return backend;
  }

  function reach(): Promise<TokenBackend> {
    if (connected !== null) return Promise.resolve(connected);
    connecting ??= open().finally(() => (connecting = null));
    return connecting;
  }

  const engine = options.createEngine({
    list: async () => [],
    // Connecting goes on for those who still wait.
    acquire: async (_weights, signal) => ({ backend: await raceAbort(reach(), signal), release() {} }),
  });

  /** What the router must know of a failure; a client's own mistake stays what it is. */
  const meaningOf = (error: unknown, signal: AbortSignal): unknown => {
    if (signal.aborted) return error;
    const cause = error instanceof Failure ? error.cause : error;
    if (cause instanceof BackendGone) return upstreamFailure("unreachable", `${name}: ${cause.message}`, { cause });
    if (error instanceof Failure) return error;
    return upstreamFailure("broken", `${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  };
  const at = (turn: Turn, model: string | null): Turn => (model === null ? turn : { ...turn, weights: model });

  return {
    async *run(turn, { model }, signal) {
      const left = new AbortController();
      try {
        const events = engine.run(at(turn, model), AbortSignal.any([signal, left.signal]));
        yield* holdStart(events, () => left.abort());
      } catch (error) {
        throw meaningOf(error, signal);
      }
    },
    async countTokens(turn, model, signal) {
      try {
        return await engine.countTokens(at(turn, model), signal);
      } catch (error) {
        throw meaningOf(error, signal);
      }
    },
    async probe(signal) {
      try {
        await (await reach()).tokenize("a", { special: false });
      } catch (error) {
        throw meaningOf(error, signal);
      }
    },
    describe() {
      if (connected === null) return null;
      const { contextTokens, chatTemplate } = connected.model;
      return { contextTokens, thinking: thinkingOf(chatTemplate) };
    },
    close() {
      closing.abort(new Error("the router is closed"));
      void connected?.close();
    },
  };
}
