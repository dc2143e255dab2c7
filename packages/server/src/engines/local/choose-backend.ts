import type { Log } from "../../platform/log.ts";
import { fail } from "../../platform/fail.ts";
import type { BackendKind, StartBackend, StartedBackend, StartRequest } from "./model-pool-types.ts";

export interface BackendChoice {
  readonly backendChoice: "auto" | BackendKind;
  /** `llama-server` is null where there is none that can be used. */
  readonly starters: { readonly "llama-server": StartBackend | null; readonly "node-llama-cpp": StartBackend };
  readonly log: Pick<Log, "debug" | "warn">;
}

/**
 * Starts a model with the engine that was chosen: "auto" takes llama-server where there is one, and the embedded engine
 * for weights that it cannot load. Throws `api_error`, or the signal's reason.
 */
export function createBackendStarter({ backendChoice, starters, log }: BackendChoice) {
  /** Weights that llama-server could not load; the embedded engine serves them from then on. */
  const embeddedOnly = new Set<string>();

  const candidates = (weights: string, sees: boolean): readonly { kind: BackendKind; start: StartBackend }[] => {
    const server = starters["llama-server"];
    const embedded = { kind: "node-llama-cpp", start: starters["node-llama-cpp"] } as const;
    if (backendChoice === "node-llama-cpp" && !sees) return [embedded];
    if (server === null || backendChoice === "node-llama-cpp") {
      if (sees) {
        throw fail("api_error", {
          public: "The engine of this server is not set up.",
          internal: `${weights} has a projector, and only llama-server shows pictures: see \`parley engine status\``,
        });
      }
      if (backendChoice === "auto") return [embedded];
      throw fail("api_error", {
        public: "The engine of this server is not set up.",
        internal: "engine.backend is llama-server, and there is none that can be used: see `parley engine status`",
      });
    }
    const first = { kind: "llama-server", start: server } as const;
    if (backendChoice === "llama-server" || sees) return [first];
    return embeddedOnly.has(weights) ? [embedded] : [first, embedded];
  };

  return async (weights: string, request: Omit<StartRequest, "onLogLine">): Promise<StartedBackend> => {
    let fault: unknown;
    for (const { kind, start } of candidates(weights, request.projector !== null)) {
      try {
        return await start({ ...request, onLogLine: (line) => log.debug({ weights, engine: kind }, line) });
      } catch (error) {
        request.signal.throwIfAborted();
        fault = error;
        if (kind === "llama-server" && backendChoice === "auto" && request.projector === null) {
          embeddedOnly.add(weights);
          log.warn({ weights, err: error }, "llama-server does not start with this model; using the embedded engine");
        }
      }
    }
    const reason = fault instanceof Error ? fault.message : String(fault);
    throw fail("api_error", { public: "The model could not be loaded.", internal: `${weights}: ${reason}`, cause: fault });
  };
}
