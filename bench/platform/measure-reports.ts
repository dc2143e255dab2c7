import type { Platform } from "../../packages/server/test/support/start-platform.ts";
import { median, quantile } from "../support/statistics.ts";
import { filledUntil } from "./fill-ledger.ts";

const ROUNDS = 30;
/** The first ones warm connections and plans. */
const WARM_UP_ROUNDS = 3;
const DAY_MS = 86_400_000;

/** Each report of the Admin API over the filled days, as rows of a table: its median, its slowest twentieth, and its size. */
export async function measureReports(platform: Platform): Promise<readonly (readonly string[])[]> {
  const endMs = filledUntil() * 1_000;
  const between = (days: number): string =>
    `starting_at=${new Date(endMs - days * DAY_MS).toISOString()}&ending_at=${new Date(endMs).toISOString()}`;
  const day = new Date(endMs - DAY_MS).toISOString().slice(0, 10);
  const usage = "usage_report/messages?";
  const reports: readonly (readonly [name: string, path: string])[] = [
    ["usage, 31 days, no groups", `${usage}${between(31)}&limit=31`],
    ["usage, 31 days, by model and workspace", `${usage}${between(31)}&limit=31&group_by[]=model&group_by[]=workspace_id`],
    ["usage, 31 days, by key", `${usage}${between(31)}&limit=31&group_by[]=api_key_id`],
    ["usage, 24 hours, by model", `${usage}bucket_width=1h&${between(1)}&group_by[]=model`],
    ["usage, 168 hours, no groups", `${usage}bucket_width=1h&${between(7)}&limit=168`],
    ["usage, 168 hours, one key", `${usage}bucket_width=1h&${between(7)}&limit=168&api_key_ids[]=apikey_7`],
    ["usage, 1,440 minutes, no groups", `${usage}bucket_width=1m&${between(1)}&limit=1440`],
    [
      "cost, 31 days, by workspace and description",
      `cost_report?${between(31)}&limit=31&group_by[]=workspace_id&group_by[]=description`,
    ],
    ["Claude Code, a day", `usage_report/claude_code?starting_at=${day}`],
  ];
  const rows: string[][] = [];
  for (const [name, path] of reports) {
    const times: number[] = [];
    let bytes = 0;
    for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
      const begunMs = performance.now();
      const response = await fetch(`${platform.url}/v1/organizations/${path}`, {
        headers: { "x-api-key": platform.adminKey, "anthropic-version": "2023-06-01" },
      });
      bytes = (await response.text()).length;
      if (!response.ok) throw new Error(`${name}: ${response.status}`);
      if (round >= WARM_UP_ROUNDS) times.push(performance.now() - begunMs);
    }
    rows.push([
      name,
      `${median(times).toFixed(1)} ms`,
      `${quantile(times, 0.95).toFixed(1)} ms`,
      `${(bytes / 1024).toFixed(0)} KiB`,
    ]);
  }
  return rows;
}
