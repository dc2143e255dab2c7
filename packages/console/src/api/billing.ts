import { Billing } from "@parley/wire";
import { queryOptions } from "@tanstack/react-query";
import { call, send } from "./call.ts";

const LIVE_MS = 30_000;

export const billingQuery = queryOptions({
  queryKey: ["billing"],
  queryFn: ({ signal }) => call(Billing, "/v1/organizations/billing", { signal }),
  refetchInterval: LIVE_MS,
});

export type StatementFormat = "csv" | "pdf";

export const readStatement = async (month: string, format: StatementFormat, workspaceId: string | null): Promise<Blob> =>
  (await send("/v1/organizations/statements", { query: { month, format, workspace_id: workspaceId } })).blob();
