import { AuditEventPage } from "@parley/wire";
import { infiniteQueryOptions } from "@tanstack/react-query";
import { call } from "./call.ts";

const PAGE_SIZE = 50;

export const auditLogQuery = (action: string | null) =>
  infiniteQueryOptions({
    queryKey: ["audit-log", action],
    queryFn: ({ pageParam, signal }) =>
      call(AuditEventPage, "/v1/organizations/audit_log", { query: { limit: PAGE_SIZE, page: pageParam, action }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_page,
  });
