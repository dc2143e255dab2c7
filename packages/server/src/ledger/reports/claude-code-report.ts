import type { ClaudeCodeUsageReport } from "@parley/wire";
import { type ClaudeCodeActor, listClaudeCodeActors, type RollupRow, sumRollups } from "../../storage/usage-rollups.ts";
import { totalNanoUsd } from "./cost-parts.ts";
import type { ReportDeps } from "./report-buckets.ts";
import { BUCKET_WIDTHS, toTimestamp } from "./time-buckets.ts";

type Item = ClaudeCodeUsageReport["data"][number];

const NANO_USD_PER_CENT = 10_000_000n;
/** What happens on the user's machine does not arrive with its requests. */
const UNSEEN = { accepted: 0, rejected: 0 };

export interface ClaudeCodeReportRequest {
  readonly organizationId: string;
  readonly dayMs: number;
  readonly limit: number;
  /** The last key of the page before. */
  readonly afterKeyId: string | null;
}

/** One item a key that Claude Code used on a day. */
export async function claudeCodeReport(
  { storage }: ReportDeps,
  { organizationId, dayMs, limit, afterKeyId }: ClaudeCodeReportRequest,
): Promise<{ readonly data: Item[]; readonly nextKeyId: string | null }> {
  const found = await listClaudeCodeActors(storage, { organizationId, dayMs, afterKeyId, limit: limit + 1 });
  const actors = found.slice(0, limit);
  if (actors.length === 0) return { data: [], nextKeyId: null };
  const rows = await sumRollups(storage, {
    organizationId,
    unit: "day",
    fromMs: dayMs,
    toMs: dayMs + BUCKET_WIDTHS["1d"].ms,
    groupBy: ["api_key_id", "model"],
    want: "all",
    filters: { product: ["claude_code"], api_key_id: actors.map((actor) => actor.apiKeyId) },
  });
  const byKey = Map.groupBy(rows, (row) => row.dimensions.api_key_id);
  return {
    data: actors.map((actor) => toItem(organizationId, dayMs, actor, byKey.get(actor.apiKeyId) ?? [])),
    nextKeyId: found.length > limit ? (actors.at(-1)?.apiKeyId ?? null) : null,
  };
}

function toItem(organizationId: string, dayMs: number, actor: ClaudeCodeActor, models: readonly RollupRow[]): Item {
  return {
    date: toTimestamp(dayMs),
    actor: { type: "api_actor", api_key_name: actor.name },
    organization_id: organizationId,
    customer_type: "api",
    terminal_type: null,
    core_metrics: {
      num_sessions: actor.sessions,
      lines_of_code: { added: 0, removed: 0 },
      commits_by_claude_code: 0,
      pull_requests_by_claude_code: 0,
    },
    tool_actions: { edit_tool: UNSEEN, multi_edit_tool: UNSEEN, write_tool: UNSEEN, notebook_edit_tool: UNSEEN },
    model_breakdown: models.map((row) => ({
      model: row.dimensions.model ?? "",
      tokens: {
        input: row.inputTokens,
        output: row.outputTokens,
        cache_read: row.cacheReadTokens,
        cache_creation: row.cacheWrite5mTokens + row.cacheWrite1hTokens,
      },
      estimated_cost: {
        currency: "USD",
        amount: Number((totalNanoUsd(row) + NANO_USD_PER_CENT - 1n) / NANO_USD_PER_CENT),
      },
    })),
  };
}
