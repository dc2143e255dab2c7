import { ConsoleDone, ConsoleModels, type ModelInfo, ModelPage } from "@parley/wire";
import { queryOptions } from "@tanstack/react-query";
import { call } from "./call.ts";

const LIMIT_MAX = 1000;

export const modelsQuery = queryOptions({
  queryKey: ["models", "list"],
  queryFn: async ({ signal }) => (await call(ModelPage, "/v1/models", { query: { limit: LIMIT_MAX }, signal })).data,
  staleTime: 60_000,
});

/** What is installed, loaded and being fetched. Kept up to date by `useLiveUpdates`. */
export const consoleModelsQuery = queryOptions({
  queryKey: ["models", "state"],
  queryFn: ({ signal }) => call(ConsoleModels, "/console/api/models", { signal }),
});

export type ModelAction = "load" | "unload" | "pull" | "stop-pull";

export function actOnModel(weights: string, action: ModelAction) {
  const path = `/console/api/models/${encodeURIComponent(weights)}/`;
  return action === "stop-pull"
    ? call(ConsoleDone, `${path}pull`, { method: "DELETE" })
    : call(ConsoleDone, `${path}${action}`, { method: "POST" });
}

/** Reads upstreams, pools and families anew, on all nodes. */
export const reloadRoutes = () => call(ConsoleDone, "/console/api/routes/reload", { method: "POST" });

/** Gives an upstream no new turns, on all nodes, until it is resumed. */
export const drainUpstream = (name: string) => call(ConsoleDone, drainPath(name), { method: "POST" });
export const resumeUpstream = (name: string) => call(ConsoleDone, drainPath(name), { method: "DELETE" });
const drainPath = (name: string): string => `/console/api/upstreams/${encodeURIComponent(name)}/drain`;

/** The newest of a line, or the first that there is. */
export function pickModel(models: readonly ModelInfo[] | undefined, line: "haiku" | "sonnet"): ModelInfo | undefined {
  return models?.find((model) => model.line === line && model.lifecycle === "active") ?? models?.[0];
}
