import { type ModelInfo, ModelPage } from "@parley/wire";
import { queryOptions } from "@tanstack/react-query";
import { call } from "./call.ts";

const LIMIT_MAX = 1000;

export const modelsQuery = queryOptions({
  queryKey: ["models"],
  queryFn: async ({ signal }) => (await call(ModelPage, "/v1/models", { query: { limit: LIMIT_MAX }, signal })).data,
  staleTime: 60_000,
});

/** The newest of a line, or the first that there is. */
export function pickModel(models: readonly ModelInfo[] | undefined, line: "haiku" | "sonnet"): ModelInfo | undefined {
  return models?.find((model) => model.line === line && model.lifecycle === "active") ?? models?.[0];
}
