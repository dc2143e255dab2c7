import { stringify } from "csv-stringify/sync";
import { formatUsd } from "../../money/nano-usd.ts";
import type { Statement } from "./read-statement.ts";

/** A statement as a table, one line a key and model; amounts are dollars without rounding. */
export function toCsv({ month, lines }: Statement): string {
  return stringify(
    lines.map((line) => ({
      month,
      workspace_id: line.workspaceId,
      workspace: line.workspaceName,
      api_key_id: line.apiKeyId,
      api_key: line.apiKeyName,
      model: line.model,
      requests: line.requests,
      uncached_input_tokens: line.inputTokens,
      cache_read_input_tokens: line.cacheReadTokens,
      cache_creation_input_tokens: line.cacheWriteTokens,
      output_tokens: line.outputTokens,
      web_searches: line.webSearches,
      cost_usd: formatUsd(line.nanoUsd),
    })),
    // Names are anybody's text: a spreadsheet must not run them.
    { header: true, columns: COLUMNS, escape_formulas: true },
  );
}

const COLUMNS = [
  "month",
  "workspace_id",
  "workspace",
  "api_key_id",
  "api_key",
  "model",
  "requests",
  "uncached_input_tokens",
  "cache_read_input_tokens",
  "cache_creation_input_tokens",
  "output_tokens",
  "web_searches",
  "cost_usd",
];
