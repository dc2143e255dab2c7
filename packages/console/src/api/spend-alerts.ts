import { SpendAlerts } from "@parley/wire";
import { queryOptions } from "@tanstack/react-query";
import { call } from "./call.ts";

const LIVE_MS = 30_000;

export const spendAlertsQuery = queryOptions({
  queryKey: ["limits", "alerts"],
  queryFn: ({ signal }) => call(SpendAlerts, "/v1/organizations/spend_alerts", { signal }),
  refetchInterval: LIVE_MS,
});
