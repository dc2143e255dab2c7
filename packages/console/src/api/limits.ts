import {
  ConsoleSpend,
  RateLimitUsage,
  SpendIncreaseApproved,
  SpendIncreaseRequest,
  SpendIncreaseRequestPage,
  SpendLimit,
  SpendLimitDeleted,
  type SpendLimitPeriod,
  type SpendLimitSetRequest,
  SpendProgressPage,
} from "@parley/wire";
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { call } from "./call.ts";

const SPEND_PATH = "/v1/organizations/spend_limits";
const INCREASES_PATH = "/v1/organizations/spend_limit_increase_requests";
const PAGE_SIZE = 100;
const BUCKETS_MS = 2_000;
const SPEND_MS = 10_000;

/** As the server names what changed. */
export const LIMITS = ["limits"] as const;

export const rateLimitUsageQuery = queryOptions({
  queryKey: [...LIMITS, "buckets"],
  queryFn: ({ signal }) => call(RateLimitUsage, "/v1/organizations/rate_limits/usage", { signal }),
  refetchInterval: BUCKETS_MS,
});

export const spendLimitsQuery = infiniteQueryOptions({
  queryKey: [...LIMITS, "spend"],
  queryFn: ({ pageParam, signal }) =>
    call(SpendProgressPage, `${SPEND_PATH}/progress`, { query: { limit: PAGE_SIZE, page: pageParam }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_page,
  refetchInterval: SPEND_MS,
});

export const pendingIncreasesQuery = queryOptions({
  queryKey: [...LIMITS, "increases"],
  queryFn: ({ signal }) =>
    call(SpendIncreaseRequestPage, INCREASES_PATH, { query: { limit: PAGE_SIZE, "status[]": "pending" }, signal }),
  refetchInterval: SPEND_MS,
});

export const ownSpendQuery = queryOptions({
  queryKey: [...LIMITS, "own"],
  queryFn: ({ signal }) => call(ConsoleSpend, "/console/api/spend", { signal }),
  refetchInterval: SPEND_MS,
});

export const setSpendLimit = (body: SpendLimitSetRequest) => call(SpendLimit, SPEND_PATH, { method: "POST", body });

export const deleteSpendLimit = (id: string) =>
  call(SpendLimitDeleted, `${SPEND_PATH}/${encodeURIComponent(id)}`, { method: "DELETE" });

export const askForIncrease = (period: SpendLimitPeriod) =>
  call(SpendIncreaseRequest, "/console/api/spend-increases", { method: "POST", body: { period } });

export const approveIncrease = (id: string, amount: string) =>
  call(SpendIncreaseApproved, `${INCREASES_PATH}/${encodeURIComponent(id)}/approve`, { method: "POST", body: { amount } });

export const denyIncrease = (id: string) =>
  call(SpendIncreaseRequest, `${INCREASES_PATH}/${encodeURIComponent(id)}/deny`, { method: "POST", body: {} });
