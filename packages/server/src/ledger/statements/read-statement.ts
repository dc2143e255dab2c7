import type { Storage } from "../../storage/storage.ts";
import { readTenantNames } from "../../storage/tenant-names.ts";
import { type RollupRow, sumRollups } from "../../storage/usage-rollups.ts";
import { totalNanoUsd } from "../reports/cost-parts.ts";

/** What one key used of one model in a month. */
export interface StatementLine {
  readonly workspaceId: string;
  readonly workspaceName: string;
  readonly apiKeyId: string;
  readonly apiKeyName: string;
  readonly model: string;
  readonly requests: number;
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly webSearches: number;
  readonly nanoUsd: bigint;
}

export interface Statement {
  readonly organizationId: string;
  /** YYYY-MM, in UTC. */
  readonly month: string;
  /** By workspace, key and model. */
  readonly lines: readonly StatementLine[];
  readonly totalNanoUsd: bigint;
}

/** A month of an organization, or of one workspace of it, for charge-back. Its total is what the cost report adds up to. */
export async function readStatement(
  storage: Storage,
  {
    organizationId,
    month,
    workspaceId,
  }: { readonly organizationId: string; readonly month: string; readonly workspaceId: string | null },
): Promise<Statement> {
  const [year = 0, number = 1] = month.split("-").map(Number);
  const rows = await sumRollups(storage, {
    organizationId,
    unit: "day",
    fromMs: Date.UTC(year, number - 1),
    toMs: Date.UTC(year, number),
    groupBy: ["workspace_id", "api_key_id", "model"],
    want: "all",
    filters: workspaceId === null ? {} : { workspace_id: [workspaceId] },
  });
  const names = await readTenantNames(storage, organizationId);
  const bySeries = Map.groupBy(rows, ({ dimensions: at }) => JSON.stringify([at.workspace_id, at.api_key_id, at.model]));
  const lines = [...bySeries.values()].map((days) => toLine(days, names)).toSorted(byPlace);
  return { organizationId, month, lines, totalNanoUsd: lines.reduce((sum, line) => sum + line.nanoUsd, 0n) };
}

function toLine(days: readonly RollupRow[], names: ReadonlyMap<string, string>): StatementLine {
  const { workspace_id: workspaceId = "", api_key_id: apiKeyId = "", model = "" } = days[0]?.dimensions ?? {};
  const sum = (read: (day: RollupRow) => number): number => days.reduce((total, day) => total + read(day), 0);
  return {
    workspaceId,
    workspaceName: names.get(workspaceId) ?? "",
    apiKeyId,
    apiKeyName: names.get(apiKeyId) ?? "",
    model,
    requests: sum((day) => day.requests),
    inputTokens: sum((day) => day.inputTokens),
    cacheReadTokens: sum((day) => day.cacheReadTokens),
    cacheWriteTokens: sum((day) => day.cacheWrite5mTokens + day.cacheWrite1hTokens),
    outputTokens: sum((day) => day.outputTokens),
    webSearches: sum((day) => day.webSearches),
    nanoUsd: days.reduce((total, day) => total + totalNanoUsd(day), 0n),
  };
}

function byPlace(a: StatementLine, b: StatementLine): number {
  const [left, right] = [a, b].map((line) => [line.workspaceId, line.apiKeyId, line.model].join("\n"));
  return (left ?? "") < (right ?? "") ? -1 : 1;
}
