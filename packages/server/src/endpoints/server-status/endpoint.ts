import { ServerStatus } from "@parley/wire";
import { hostname } from "node:os";
import { totalNanoUsd } from "../../ledger/reports/cost-parts.ts";
import { formatCents } from "../../money/nano-usd.ts";
import { fail } from "../../platform/fail.ts";
import { findFirstOrganization } from "../../storage/organizations.ts";
import type { Storage } from "../../storage/storage.ts";
import { type RollupUnit, sumRollups } from "../../storage/usage-rollups.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { readCounters } from "./read-counters.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const MINUTES = 5;

/** What `parley top` shows. Of the engines, queues and counters those of the node that answers; of usage the organization's. */
export const serverStatus = defineEndpoint({
  name: "server-status",
  summary: "How this server is now: queue, slots, cache, upstreams, tokens, spend",
  method: "GET",
  path: "/v1/organizations/server_status",
  permission: "admin",
  reply: { schema: ServerStatus },
  async handle({ admin: { organizationId } }, { tenancy: { storage }, metrics, modelControl, clock }) {
    if ((await findFirstOrganization(storage))?.organizationId !== organizationId) {
      throw fail("permission_error", {
        public: "Only administrators of the organization that owns this server may see how it is.",
      });
    }
    const nowMs = clock.nowMs();
    const minuteMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
    const dayMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
    const [{ text }, models, today, last] = await Promise.all([
      metrics.expose("text"),
      modelControl.state({ maySteer: true }),
      sumSince(storage, organizationId, "day", dayMs, nowMs),
      sumSince(storage, organizationId, "minute", minuteMs - (MINUTES - 1) * MINUTE_MS, nowMs),
    ]);
    const { turnsRunning, counters } = readCounters(text);
    const body: ServerStatus = {
      type: "server_status",
      node: `${hostname()}:${process.pid}`,
      at: new Date(nowMs).toISOString(),
      turns_running: turnsRunning,
      counters,
      models,
      currency: "USD",
      today,
      last_minutes: { ...last, minutes: MINUTES },
    };
    return { kind: "json", headers: { "cache-control": "no-store" }, body };
  },
});

async function sumSince(
  storage: Storage,
  organizationId: string,
  unit: RollupUnit,
  fromMs: number,
  nowMs: number,
): Promise<ServerStatus["today"]> {
  const query = { organizationId, unit, fromMs, toMs: nowMs + 1, groupBy: [], want: "all", filters: {} } as const;
  const rows = await sumRollups(storage, query);
  const total = (read: (row: (typeof rows)[number]) => number) => rows.reduce((sum, row) => sum + read(row), 0);
  return {
    requests: total((row) => row.requests),
    input_tokens: total((row) => row.inputTokens + row.cacheWrite5mTokens + row.cacheWrite1hTokens),
    output_tokens: total((row) => row.outputTokens),
    cache_read_tokens: total((row) => row.cacheReadTokens),
    amount: formatCents(rows.reduce((sum, row) => sum + totalNanoUsd(row), 0n)),
  };
}
