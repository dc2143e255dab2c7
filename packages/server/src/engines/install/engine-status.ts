import { findLlamaServer, readReceipt, type FindOptions, type FoundLlamaServer, type Receipt } from "./find-llama-server.ts";
import { RELEASE } from "./release-pins.ts";

export interface EngineStatus extends FoundLlamaServer {
  /** The engine that `engine.backend: auto` takes. */
  readonly chosen: "llama-server" | "node-llama-cpp";
  /** What `parley engine install` put into the data folder. */
  readonly installed: Receipt | null;
  /** The installed one is of another llama.cpp than this Parley's. */
  readonly outdated: boolean;
}

/** What `parley engine status` shows. */
export async function engineStatus(options: FindOptions): Promise<EngineStatus> {
  const [search, installed] = await Promise.all([findLlamaServer(options), readReceipt(options.dataDir)]);
  return {
    ...search,
    installed,
    chosen: search.found ? "llama-server" : "node-llama-cpp",
    outdated: installed !== null && installed.tag !== RELEASE.tag,
  };
}
